// biome-ignore-all lint/suspicious/noTemplateCurlyInString: it is what the file holds.
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { readDeclaration } from './read-declaration.js';
import { InvalidFileError, YamlSource } from './yaml-source.js';

const MAPPING = `
version: 1
identifier_key: id
name: id
identity_type: '"user"'
`;

describe('rollcall.yaml', () => {
  let folder: string;

  beforeAll(() => {
    folder = mkdtempSync(path.join(os.tmpdir(), 'rollcall-apply-'));
    writeFileSync(path.join(folder, 'token.txt'), 'from-a-file\n');
    writeFileSync(path.join(folder, 'contacts.yaml'), MAPPING);
    writeFileSync(
      path.join(folder, 'broken.yaml'),
      `${MAPPING}properties:\n  - { key: a, type: string, value: '$(' }\n`,
    );
  });
  afterAll(() => rmSync(folder, { recursive: true }));

  const read = (text: string, env: Record<string, string> = { TOKEN: 'from-the-environment' }) =>
    readDeclaration(new YamlSource(path.join(folder, 'rollcall.yaml'), text), env);

  const faults = async (text: string, env?: Record<string, string>): Promise<string[]> => {
    try {
      await read(text, env);
    } catch (error) {
      if (error instanceof InvalidFileError)
        return error.faults.map((fault) => fault.replace(`${folder}${path.sep}`, ''));
      throw error;
    }
    return [];
  };

  it('is read with its secrets and mappings from where it says they are', async () => {
    const [crm] = await read(`
version: 1
connections:
  - name: crm
    kind: hubspot
    settings: { lookbackSeconds: 60 }
    secrets:
      accessToken: \${TOKEN}
      clientSecret: file:token.txt
    mapping: { contacts: ./contacts.yaml }
    schedule: { cron: 0 3 * * *, time_zone: Europe/Berlin }
    policies: { key_conflict: merge }
    paused: true
`);
    expect(crm).toMatchObject({
      secrets: { accessToken: 'from-the-environment', clientSecret: 'from-a-file' },
      mapping: { contacts: { version: 1, identifier_key: 'id', properties: [] } },
      schedule: { every_seconds: null, cron: '0 3 * * *', time_zone: 'Europe/Berlin' },
      policies: { key_conflict: 'merge', retention_days: 30 },
      paused: true,
    });
  });

  it('is what the docs show', async () => {
    const [, example = ''] = /```yaml\n(.*?)```/s.exec(readFileSync('docs/connections.md', 'utf8')) ?? [];
    writeFileSync(path.join(folder, 'hubspot-secret'), 's3cret');
    writeFileSync(path.join(folder, 'contacts.mapping.yaml'), MAPPING);
    const [crm] = await read(example, { HUBSPOT_TOKEN: 'pat' });
    expect(crm).toMatchObject({ name: 'crm', secrets: { accessToken: 'pat', clientSecret: 's3cret' } });
    expect(Object.keys(crm?.mapping ?? {})).toEqual(['contacts', 'companies']);
  });

  it('may declare nothing at all', async () => expect(await read('version: 1')).toEqual([]));

  const one = (lines: string) => `version: 1\nconnections:\n  - name: crm\n    kind: hubspot\n${lines}`;

  it.each<[string, string, RegExp]>([
    ['no YAML', 'a: [', /^rollcall.yaml:1:\d+: /],
    ['another version', 'version: 2', /^rollcall.yaml:1:10: version: /],
    [
      'a key nobody knows',
      one('    shedule: never\n'),
      /^rollcall.yaml:5:5: connections.0.shedule: there is no such key/,
    ],
    [
      'a literal secret',
      one('    secrets:\n      accessToken: pat-123\n'),
      /^rollcall.yaml:6:20: connections.0.secrets.accessToken: expected a reference/,
    ],
    [
      'a variable that is not set',
      one('    secrets:\n      accessToken: ${NOPE}\n'),
      /^rollcall.yaml:6:20: .*NOPE is not set/,
    ],
    [
      'a file that is not there',
      one('    secrets:\n      accessToken: file:nope.txt\n'),
      /^rollcall.yaml:6:20: .*nope.txt cannot be read: ENOENT/,
    ],
    [
      'a setting nobody knows',
      one('    settings:\n      baseUlr: http://x\n'),
      /^rollcall.yaml:6:\d+: connections.0.settings.baseUlr: there is no such key/,
    ],
    [
      'a setting that cannot be',
      one('    settings:\n      lookbackSeconds: -1\n'),
      /^rollcall.yaml:6:24: connections.0.settings.lookbackSeconds/,
    ],
    [
      'a cron expression that is none',
      one('    schedule:\n      cron: daily\n'),
      /^rollcall.yaml:6:13: connections.0.schedule.cron: expected five fields/,
    ],
    [
      'two schedules',
      one('    schedule: { cron: 0 3 * * *, every_seconds: 5 }\n'),
      /^rollcall.yaml:5:23: connections.0.schedule.cron: expected either cron or every_seconds/,
    ],
    [
      'a policy that cannot be',
      one('    policies:\n      sweep_max_share: 2\n'),
      /^rollcall.yaml:6:24: connections.0.policies.sweep_max_share/,
    ],
    [
      'a mapping file that is broken',
      one('    mapping: { contacts: broken.yaml }\n'),
      /^broken.yaml:7:36: properties.0.value: /,
    ],
    [
      'a mapping that lacks a name',
      one('    mapping:\n      contacts: { version: 1, identifier_key: id }\n'),
      /^rollcall.yaml:6:7: connections.0.mapping.contacts.name/,
    ],
    [
      'one name twice',
      `${one('')}  - { name: crm, kind: hubspot }\n`,
      /^rollcall.yaml:5:13: connections.1.name: expected another name/,
    ],
  ])('is refused with %s, pointing at it', async (_, text, message) =>
    expect((await faults(text))[0]).toMatch(message),
  );

  it('never quotes a secret', async () => {
    expect((await faults(one('    secrets:\n      accessToken: pat-123\n'))).join()).not.toContain('pat-123');
    const env = { TOKEN: 'pat-123' };
    expect((await faults(one('    secrets: { refreshToken: "${TOKEN}" }\n'), env)).join()).not.toContain(
      'pat-123',
    );
  });

  it('says everything that is wrong at once', async () =>
    expect(
      await faults(one('    secrets: { accessToken: "${NO}" }\n    settings: { lookbackSeconds: -1 }\n')),
    ).toHaveLength(2));
});
