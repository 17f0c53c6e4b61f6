import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { connectorById } from '../connectors.js';
import { loadManifests } from '../load-manifests.js';
import { InvalidManifestError, parseManifest, shippedManifests } from './manifest-file.js';

const espo = await readFile(path.join(shippedManifests(), 'espocrm.yaml'), 'utf8');

describe('a manifest file', () => {
  it('that is fine becomes a manifest', async () => {
    expect((await parseManifest(espo, 'espocrm.yaml')).id).toBe('espocrm');
  });

  it.each([
    ['a wrong value', 'orderBy: id', 'orderBy: [id]', 'streams.contacts.list.query.orderBy'],
    ['a field that nobody knows', 'records: list', 'recrods: list', 'streams.contacts.list.recrods'],
    ['a setting that does not exist', '"{{settings.baseUrl}}"', '"{{settings.bseUrl}}"', 'baseUrl'],
    ['braces without a path', '"{{page.size}}"', '"{{page size}}"', 'streams.contacts.list.query.maxSize'],
    [
      'a cursor outside of a search',
      '"{{page.after.id}}"',
      '"{{cursor.from}}"',
      'streams.contacts.list.query.where[0][value]',
    ],
    ['an expression that does not compile', "'answer.user.id ?", "'answer.user.id ? (", 'check.account'],
    ['a mapping that does not compile', "name: '($name", "name: '(($name", 'streams.contacts.map.name'],
    ['a duration that is none', 'lookback: PT5M', 'lookback: 5 minutes', 'streams.contacts.cursor.lookback'],
    ['a signal for no stream', '{ stream: contacts, id', '{ stream: people, id', 'webhook.signals.on'],
  ])('with %s says the line and the field', async (_name, good, bad, field) => {
    const text = espo.replace(good, bad);
    expect(text).not.toBe(espo);
    const faults = await faultsOf(text);
    expect(faults.map((fault) => fault.field)).toContain(field);
    const fault = faults.find((one) => one.field === field);
    if (field === 'webhook.signals.on') return;
    const place = good.split('\n')[0] ?? '';
    expect(fault?.line).toBe(espo.slice(0, espo.indexOf(place)).split('\n').length);
  });

  it('without a field that is needed points at what should hold it', async () => {
    const [fault] = await faultsOf(espo.replace(/^name: EspoCRM$/m, ''));
    expect(fault).toMatchObject({ field: 'name', reason: expect.stringContaining('expected string') });
  });

  it('that is not YAML says where', async () => {
    expect((await faultsOf('id: a\n  b: ['))[0]).toMatchObject({ field: 'YAML', line: expect.any(Number) });
  });

  it('that repeats itself without end is refused', async () => {
    const bomb = [
      'a0: &a0 [x, x]',
      ...Array.from(
        { length: 12 },
        (_, n) => `a${n + 1}: &a${n + 1} [${Array(10).fill(`*a${n}`).join(', ')}]`,
      ),
    ];
    expect((await faultsOf(bomb.join('\n')))[0]?.field).toBe('YAML');
  });
});

describe('the folder of manifests', () => {
  let folder = '';
  beforeEach(async () => {
    folder = await mkdtemp(path.join(tmpdir(), 'manifests-'));
  });
  afterEach(() => rm(folder, { recursive: true, force: true }));

  it('is not read by an import, and shipped ones are known once it was', async () => {
    await loadManifests();
    expect(connectorById('espocrm')?.descriptor.name).toBe('EspoCRM');
  });

  it('adds connectors of one’s own, and forgets them when it is loaded without', async () => {
    await writeFile(path.join(folder, 'own.yaml'), espo.replace('id: espocrm', 'id: our-crm'));
    await loadManifests(folder);
    expect(connectorById('our-crm')).not.toBeNull();
    await loadManifests();
    expect(connectorById('our-crm')).toBeNull();
  });

  it.each([
    ['hubspot', 'a connector of Rollcall itself'],
    ['espocrm', 'espocrm.yaml'],
  ])('cannot take the id %s, and what was loaded stays', async (id, owner) => {
    await loadManifests();
    await writeFile(path.join(folder, 'own.yaml'), espo.replace('id: espocrm', `id: ${id}`));
    await expect(loadManifests(folder)).rejects.toMatchObject({
      code: 'CONNECTOR_ID_TAKEN',
      message: expect.stringMatching(new RegExp(`own.yaml: the id ${id} is taken by .*${owner}`)),
    });
    expect(connectorById('espocrm')).not.toBeNull();
  });

  it('names file, line and field of what cannot be used', async () => {
    await writeFile(path.join(folder, 'own.yaml'), 'id: our-crm\nname: 7\n');
    await expect(loadManifests(folder)).rejects.toThrow(/own\.yaml:2:\d+ {2}name: .*expected string/);
  });

  it('that does not exist stops the start', async () => {
    await expect(loadManifests(path.join(folder, 'nowhere'))).rejects.toMatchObject({
      code: 'MANIFESTS_UNREADABLE',
    });
  });
});

async function faultsOf(text: string) {
  try {
    await parseManifest(text, 'espocrm.yaml');
  } catch (error) {
    if (error instanceof InvalidManifestError) return error.faults;
    throw error;
  }
  throw new Error('the manifest was fine');
}
