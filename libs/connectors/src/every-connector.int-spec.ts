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
import { loadFakes } from './testing/fakes.js';
import { mapOne } from './testing/map-one.js';

const writtenByHand = knownConnectors();
await loadManifests();
const fakes = await loadFakes();
const connectors = knownConnectors().map((connector) => [connector.manifest.id, connector] as const);

describe.each(connectors)('the connector %s', (kind, connector) => {
  const { configSchema, secretsSchema, streams } = connector.manifest;
  let fake: RunningFake;
  beforeAll(async () => {
    const { starter } = fakes.get(kind) ?? missing(kind);
    fake = await starter.start({ records: 60 }); // One in fifty people has no e-mail address.
  });
  afterAll(() => fake.close());

  it('has a guide, which the README names', () => {
    expect(existsSync(path.join(projectRoot(), 'docs', `${kind}.md`))).toBe(true);
    expect(readFileSync(path.join(projectRoot(), 'README.md'), 'utf8')).toContain(`(docs/${kind}.md)`);
  });

  const byHand = writtenByHand.includes(connector) ? it : it.skip;
  byHand('takes the limits of its account as a setting', () => {
    const limits = [{ requests: 190, perMs: 10_000 }];
    expect(configSchema.parse({ ...fake.settings, limits })).toMatchObject({ limits });
  });

  /** A field that is left to the whole of JSONata takes some twenty times longer, for every record of every run. */
  it.each(streams)(
    'maps all $id of its fake without waiting, also those that say nothing',
    async (stream) => {
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
    },
  );
});

it('the example of a manifest maps without waiting', async () => {
  const examples = await connectorsIn(path.join(projectRoot(), 'docs', 'examples'));
  expect(examples).not.toEqual([]);
  for (const { defaultMapping } of examples.flatMap(({ connector }) => connector.manifest.streams))
    for (const record of [{ id: 7, full_name: 'Ada', email: 'Ada@x.example' }, { id: 7 }])
      expect(await slowFields(defaultMapping, record)).toEqual([]);
});

it('nobody has a fake without a connector', () =>
  expect([...fakes.keys()].filter((kind) => !connectorById(kind))).toEqual([]));

function missing(kind: string): never {
  throw new Error(
    `libs/connectors/src/${kind}/fake/index.ts is missing, with its starter and its journey (docs/connectors.md)`,
  );
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
