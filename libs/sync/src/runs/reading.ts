import { ConfigError, type Connector, type ConnectorContext } from '#connectors';
import type { Isolate } from '#queue';
import type { ConnectionPolicies } from '../connections/connection-policies.js';
import type { Observation } from '../records/observation.js';
import type { SameRecord } from '../records/same-records.js';
import type { TableMapping } from '../records/table-mapping.js';
import type { Run, RunPhase } from './run.js';
import type { SweepObstacle } from './sweep.js';

/** What is needed to read a page of a run. */
export interface Reading {
  readonly run: Run;
  readonly connector: Connector;
  readonly context: ConnectorContext<unknown, unknown>;
  readonly mapping: TableMapping;
  readonly policies: ConnectionPolicies;
  readonly isolate: Isolate;
}

/** What was found on a page, and where it goes from there. */
export interface FoundPage {
  readonly observations: readonly Observation[];
  /** Records that seem to say what they said before. */
  readonly same?: readonly SameRecord[];
  readonly mapping: TableMapping;
  /** Null: the run is through. */
  readonly next: { readonly phase: RunPhase; readonly cursor: unknown } | null;
  /** Set when the stream was read to its end: where the next incremental run starts. */
  readonly endCursor?: unknown;
  /** What the vendor's own listing showed; `seen` are ids to remember without their records. */
  readonly listed?: { readonly count: number; readonly total?: number; readonly seen?: readonly string[] };
  /** The vendor's listing of deletions was read to its end. */
  readonly deletionsEnd?: boolean;
  /** Why the run ends here with something left undone. */
  readonly obstacle?: SweepObstacle;
}

/** One page at a time: its cursor is committed before the run relies on the next one. */
export async function firstOf<P>(pages: AsyncIterable<P>): Promise<P> {
  for await (const page of pages) return page;
  throw new ConfigError('The connector gave no page at all');
}

export function cursorOf({ run, connector }: Reading): unknown {
  if (run.cursor === null) return null;
  const parsed = connector.descriptor.cursorSchema.safeParse(run.cursor);
  if (parsed.success) return parsed.data;
  throw new ConfigError('The stored cursor is of another version of the connector: start a full run');
}
