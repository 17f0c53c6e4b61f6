import type { LoggedEvent, Operation, SentFile } from './operation.js';

export interface FaultHistory {
  readonly operations: readonly Operation[];
  readonly files: readonly SentFile[];
  /** Everything that is stored, by position. */
  readonly log: readonly LoggedEvent[];
  /** Event ids that a subscriber handled, in its order; undefined where nobody subscribed. */
  readonly handled: readonly string[] | undefined;
}

export type AnomalyKind = 'missed' | 'doubled' | 'out of order' | 'refused but done' | 'import';

export interface Anomaly {
  readonly kind: AnomalyKind;
  readonly what: string;
}

/**
 * What is wrong with what became of all these operations; nothing, if the service kept its word. Each of them causes
 * exactly one event when it is done, which names it, so that a pass over the log finds whatever was lost or doubled.
 */
export function findFaults(history: FaultHistory): Anomaly[] {
  return [
    ...wrongEffects(history),
    ...brokenStreams(history.log),
    ...overtaken(history),
    ...brokenHandling(history),
    ...wrongImports(history),
  ];
}

function* wrongEffects({ operations, log }: FaultHistory): Iterable<Anomaly> {
  const effects = groupBy(log, ({ cause }) => cause);
  for (const { id, kind, outcome } of operations) {
    const events = effects.get(id) ?? [];
    if (events.length > 1) yield fault('doubled', `${kind} ${id} has ${events.length} events`);
    if (outcome.is === 'refused' && events.length > 0)
      yield fault('refused but done', `${kind} ${id} was refused with ${outcome.status}`);
    if (outcome.is !== 'acknowledged') continue;
    const [event] = events;
    if (!event) yield fault('missed', `${kind} ${id} was acknowledged and is not in the log`);
    else if (outcome.version !== undefined && outcome.version !== event.version)
      yield fault('missed', `${kind} ${id} was told version ${outcome.version}, stored is ${event.version}`);
  }
}

/** Versions of each stream run 1, 2, 3 … by position. */
function* brokenStreams(log: readonly LoggedEvent[]): Iterable<Anomaly> {
  for (const [streamId, events] of groupBy(log, (event) => event.streamId)) {
    const versions = events.map(({ version }) => version);
    if (versions.some((version, at) => version !== at + 1))
      yield fault('out of order', `stream ${streamId} has the versions ${versions.join(', ')}`);
  }
}

/** What had been acknowledged before something else was asked for lies before it in the log. */
function* overtaken({ operations, log }: FaultHistory): Iterable<Anomaly> {
  const positions = new Map(log.map(({ cause, position }) => [cause, position]));
  // What a job does, it does long after it was acknowledged.
  const done = operations.filter(
    ({ id, kind, outcome }) => kind !== 'job' && outcome.is === 'acknowledged' && positions.has(id),
  );
  const byEnd = done.toSorted((a, b) => a.endedAt - b.endedAt);
  let ended = 0;
  let highest = 0;
  for (const { id, startedAt } of done.toSorted((a, b) => a.startedAt - b.startedAt)) {
    for (let next = byEnd[ended]; next && next.endedAt < startedAt; next = byEnd[++ended])
      highest = Math.max(highest, positions.get(next.id) ?? 0);
    const position = positions.get(id) ?? 0;
    if (position < highest) yield fault('out of order', `position ${position} came after ${highest}`);
  }
}

/** The subscriber handled every event once, and all of them by position. */
function* brokenHandling({ log, handled }: FaultHistory): Iterable<Anomaly> {
  if (!handled) return;
  const positions = new Map(log.map(({ id, position }) => [id, position]));
  const times = groupBy(handled, (id) => id);
  for (const { id, position } of log) {
    const count = times.get(id)?.length ?? 0;
    if (count === 0) yield fault('missed', `the subscriber never saw position ${position}`);
    if (count > 1) yield fault('doubled', `the subscriber handled position ${position} ${count} times`);
  }
  let last = 0;
  for (const id of handled) {
    const position = positions.get(id) ?? 0;
    if (position < last) yield fault('out of order', `the subscriber saw ${position} after ${last}`);
    last = position;
  }
}

/** Each row of a file is one identity, made once, and some import says so. */
function* wrongImports({ files, log }: FaultHistory): Iterable<Anomaly> {
  for (const { rows, keyPrefix, imports } of files) {
    const born = log.filter(({ type, key }) => type === 'IdentityCreated' && key?.startsWith(keyPrefix));
    const keys = new Set(born.map(({ key }) => key));
    if (keys.size < rows) yield fault('missed', `${rows - keys.size} of ${rows} rows of ${keyPrefix}`);
    if (born.length > keys.size) yield fault('doubled', `${born.length - keys.size} rows of ${keyPrefix}`);
    const made = imports.reduce((sum, { rows: counts }) => sum + counts.created, 0);
    if (made !== rows)
      yield fault('import', `${made} of ${rows} rows of ${keyPrefix} are counted as created`);
    for (const { id, status, rows: counts } of imports.slice(-1)) {
      const seen = counts.created + counts.updated + counts.unchanged;
      if (status !== 'completed' || seen !== rows || counts.rejected > 0)
        yield fault('import', `${id} is ${status} with ${JSON.stringify(counts)}`);
    }
  }
}

const fault = (kind: AnomalyKind, what: string): Anomaly => ({ kind, what });

function groupBy<T, K>(items: readonly T[], keyOf: (item: T) => K): Map<K, T[]> {
  const groups = new Map<K, T[]>();
  for (const item of items) {
    const group = groups.get(keyOf(item));
    if (group) group.push(item);
    else groups.set(keyOf(item), [item]);
  }
  return groups;
}
