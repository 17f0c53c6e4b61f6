import { z } from 'zod';
import type { Connector, ConnectorContext, FetchedRecord } from '#connectors';
import type { Pool } from '#platform';
import { isBound } from '../links/link.js';
import { linksOf } from '../links/link.store.js';
import type { SweepStore } from '../links/sweep.store.js';
import type { QuarantineStore } from '../quarantine/quarantine.store.js';
import { observeFetched } from '../records/observation.js';
import { cursorOf, type FoundPage, firstOf, type Reading } from './reading.js';
import { obstacleTo } from './sweep.js';

/**
 * The next ids that the vendor shows; where ids cannot be listed alone, the stream is read for them. Records that are
 * not held as being there are asked for, so that nothing stays missing.
 */
export async function readIdList(
  reading: Reading,
  pool: Pool,
  quarantine: QuarantineStore,
): Promise<FoundPage> {
  const { connector, context, run, mapping, isolate } = reading;
  const page = await firstOf(idPages(connector, context, run.stream, cursorOf(reading)));
  const next = page.done
    ? { phase: 'sweep' as const, cursor: null }
    : { phase: 'list' as const, cursor: page.next };
  const links = await linksOf(pool, run, page.ids);
  const held = new Set(links.filter(isBound).map(({ externalId }) => externalId));
  const unheld = page.ids.filter((id) => !held.has(id));
  const poisoned =
    unheld.length > 0 ? await quarantine.poisoned(pool, run, unheld) : new Map<string, string>();
  const missing = unheld.filter((id) => !poisoned.has(id));
  const fetched =
    missing.length > 0
      ? await connector.fetchByIds(context, run.stream, missing)
      : new Map<string, FetchedRecord>();
  const observations = await observeFetched(fetched, mapping, { isolate });
  return { observations, mapping, next, listed: { count: page.ids.length, seen: page.ids } };
}

/** Asks for records that a complete listing did not show: only those that are gone when asked are taken for gone. */
export async function readSweep(reading: Reading, sweeps: SweepStore): Promise<FoundPage> {
  const { run, connector, context, mapping, policies, isolate } = reading;
  if (run.cursor === null) {
    const situation = { ...(await sweeps.count(run)), listed: run.rowsRead };
    const limits = { maxShare: policies.sweep_max_share, allowed: run.allowSweep };
    const obstacle = obstacleTo(situation, limits);
    if (obstacle) return { observations: [], mapping, next: null, obstacle };
  }
  const { batchRead } = connector.descriptor.capabilities;
  const { after } = sweepCursor.parse(run.cursor ?? { after: '' });
  const ids = await sweeps.candidates(run, after, batchRead);
  const last = ids.at(-1);
  if (last === undefined) return { observations: [], mapping, next: phaseAfterSweep(run) };
  const fetched = await connector.fetchByIds(context, run.stream, ids);
  const observations = await observeFetched(fetched, mapping, { isolate });
  return { observations, mapping, next: { phase: 'sweep', cursor: { after: last } } };
}

/** What was set aside is written about when it is tried: no business of a dry run. */
const phaseAfterSweep = ({ mode }: Reading['run']): FoundPage['next'] =>
  mode === 'dry_run' ? null : { phase: 'quarantine', cursor: null };

const sweepCursor = z.strictObject({ after: z.string() });

interface IdPage {
  readonly ids: readonly string[];
  readonly next: unknown;
  readonly done: boolean;
}

async function* idPages(
  connector: Connector,
  context: ConnectorContext<unknown, unknown>,
  stream: string,
  from: unknown,
): AsyncGenerator<IdPage> {
  if (connector.listIds) return yield* connector.listIds(context, stream, from);
  for await (const { records, rejected, next, done } of connector.read(context, stream, from)) {
    const live = records.filter(({ archived }) => !archived).map(({ id }) => id);
    yield { ids: [...live, ...rejected.flatMap(({ id }) => id ?? [])], next, done };
  }
}
