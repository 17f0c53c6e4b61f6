import { existsSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { compileExpressions, ELSEWHERE } from '#mapping';
import { projectRoot } from '#platform';
import { connectorById, knownConnectors } from './connectors.js';
import { connectorsIn } from './declarative/manifest-file.js';
import { loadManifests } from './load-manifests.js';
import type { MappingDocument } from './mapping/mapping.schema.js';
import { collect, recordsOf } from './testing/contract/answers.js';
import type { RunningFake } from './testing/fake-starter.js';
import { type Fakes, loadFakes } from './testing/fakes.js';
import { mapOne } from './testing/map-one.js';

const writtenByHand = knownConnectors();
await loadManifests();
const fakes = await loadFakes();
const readme = readFileSync(path.join(projectRoot(), 'README.md'), 'utf8');
const connectors = knownConnectors().map((connector) => [connector.descriptor.id, connector] as const);

it.each(connectors)('the connector %s has everything that docs/connectors.md asks for', (kind) =>
  expect(missingOf(kind)).toEqual([]),
);

describe.each(connectors)('the connector %s', (kind, connector) => {
  const { configSchema, secretsSchema, tables } = connector.descriptor;
  let fake: RunningFake;
  beforeAll(async () => {
    // One in fifty people has no e-mail address.
    fake = await (fakes.get(kind) as Fakes).starter.start({ records: 60 });
  });
  afterAll(() => fake.close());

  const byHand = writtenByHand.includes(connector) ? it : it.skip;
  byHand('takes the limits of its account as a setting', () => {
    const limits = [{ requests: 190, perMs: 10_000 }];
    expect(configSchema.parse({ ...fake.settings, limits })).toMatchObject({ limits });
  });

  /** A field that is left to the whole of JSONata takes some twenty times longer, for every record of every run. */
  it.each(tables)('maps all $id of its fake without waiting, also those that say nothing', async (stream) => {
    const context = {
      config: configSchema.parse(fake.settings),
      secrets: secretsSchema.parse(fake.secrets),
      network: { allowPrivateNetwork: true },
      now: () => new Date(),
    };
    const records = recordsOf(await collect(connector.read(context, stream.id, null)));
    expect(records.length).toBeGreaterThan(0);
    for (const { raw } of records) {
      expect(await mapOne(stream.defaultMapping, raw)).toMatchObject({ ok: true });
      expect(await slowFields(stream.defaultMapping, raw)).toEqual([]);
      expect(await slowFields(stream.defaultMapping, onlyId(raw))).toEqual([]);
    }
  });
});

it('the example of a manifest maps without waiting', async () => {
  const examples = await connectorsIn(path.join(projectRoot(), 'docs', 'examples'));
  expect(examples).not.toEqual([]);
  for (const { defaultMapping } of examples.flatMap(({ connector }) => connector.descriptor.tables))
    for (const record of [{ id: 7, full_name: 'Ada', email: 'Ada@x.example' }, { id: 7 }])
      expect(await slowFields(defaultMapping, record)).toEqual([]);
});

it('nobody has a fake without a connector', () =>
  expect([...fakes.keys()].filter((kind) => !connectorById(kind))).toEqual([]));

function missingOf(kind: string): string[] {
  const { starter, journey }: Partial<Fakes> = fakes.get(kind) ?? {};
  const wanted: readonly [there: boolean, what: string][] = [
    [starter !== undefined, `starter in libs/connectors/src/${kind}/fake/index.ts`],
    [journey !== undefined, `journey in libs/connectors/src/${kind}/fake/index.ts`],
    [existsSync(path.join(projectRoot(), 'docs', `${kind}.md`)), `the guide docs/${kind}.md`],
    [readme.includes(`(docs/${kind}.md)`), `a row in README.md with docs/${kind}.md`],
  ];
  return wanted.flatMap(([there, what]) => (there ? [] : [what]));
}

async function slowFields(mapping: MappingDocument, record: unknown): Promise<string[]> {
  const { identifier_key, name, identity_type, properties = [] } = mapping;
  const sources = [identifier_key, name, identity_type, ...properties.map(({ value }) => value)];
  const { expressions } = await compileExpressions(sources.map((source) => ({ field: source, source })));
  return expressions.all.flatMap(({ source, direct }) => (direct(record) === ELSEWHERE ? [source] : []));
}

function onlyId(raw: unknown): unknown {
  return Object.fromEntries(Object.entries(raw as object).filter(([name]) => name === 'id' || name === 'Id'));
}
