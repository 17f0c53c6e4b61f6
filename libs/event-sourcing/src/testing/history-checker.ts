import type { RecordedEvent } from '../event.js';
import type { AppendResult, StreamAppend } from '../event-store.js';

/** One call of `append` as its caller saw it. Times are of one monotonic clock. */
export interface AppendAttempt {
  readonly startedAt: number;
  readonly endedAt: number;
  readonly appends: readonly StreamAppend[];
  /** `unknown`: the connection broke before an answer came, or the caller rolled back. */
  readonly outcome: readonly AppendResult[] | 'conflict' | 'unknown';
}

export interface History {
  readonly attempts: readonly AppendAttempt[];
  /** Everything that is stored, by position. */
  readonly log: readonly RecordedEvent[];
  /** What one subscriber was handed, in its order. */
  readonly handled: readonly RecordedEvent[];
}

/**
 * What is wrong with a history of concurrent appends and one subscriber; nothing, if the store keeps its word.
 * Streams only grow, so that a pass over the log finds what a general linearizability checker would search for.
 */
export function findAnomalies(history: History): string[] {
  return [
    ...brokenStreams(history.log),
    ...lostAppends(history),
    ...groundlessConflicts(history),
    ...reorderedAppends(history),
    ...tornAppends(history),
    ...brokenHandling(history),
  ];
}

/** Versions of each stream run 1, 2, 3 … by position. */
function* brokenStreams(log: readonly RecordedEvent[]): Iterable<string> {
  for (const [streamId, events] of groupBy(log, (event) => event.streamId)) {
    const versions = events.map(({ version }) => version);
    if (versions.some((version, index) => version !== index + 1)) {
      yield `stream ${streamId} has the versions ${versions.join(', ')}`;
    }
  }
}

/** What was acknowledged is stored, at the version it was told. */
function* lostAppends({ attempts, log }: History): Iterable<string> {
  const stored = new Map(log.map((event) => [event.id, event]));
  for (const { appends, outcome } of attempts) {
    if (typeof outcome === 'string') continue;
    for (const [index, { streamId, events }] of appends.entries()) {
      const version = stored.get(events.at(-1)?.id ?? '')?.version;
      const told = outcome[index]?.version;
      if (version !== told) yield `stream ${streamId}: told version ${told}, stored ${version}`;
    }
  }
}

/** Who was refused had been overtaken: by then some stream had an event above the version expected of it. */
function* groundlessConflicts({ attempts, log }: History): Iterable<string> {
  const attemptOf = new Map(
    attempts.flatMap((attempt) =>
      attempt.appends.flatMap(({ events }) => events.map((e) => [e.id, attempt])),
    ),
  );
  const streams = groupBy(log, (event) => event.streamId);
  for (const { appends, outcome, endedAt } of attempts) {
    if (outcome !== 'conflict') continue;
    const overtaken = appends.some(({ streamId, expectedVersion }) =>
      streams
        .get(streamId)
        ?.some(
          ({ id, version }) =>
            version > Number(expectedVersion) && (attemptOf.get(id)?.startedAt ?? 0) < endedAt,
        ),
    );
    if (!overtaken) yield `refused without reason: ${appends.map(({ streamId }) => streamId).join(', ')}`;
  }
}

/** An append that ended before another began lies before it in the log. */
function* reorderedAppends({ attempts, log }: History): Iterable<string> {
  const position = new Map(log.map((event) => [event.id, event.globalPosition]));
  const stored = attempts
    .map((attempt) => ({
      ...attempt,
      positions: attempt.appends.flatMap(({ events }) => events.map(({ id }) => position.get(id) ?? -1)),
    }))
    .filter(({ positions }) => positions.every((at) => at >= 0));
  const byEnd = stored.toSorted((a, b) => a.endedAt - b.endedAt);
  let ended = 0;
  let highest = 0;
  for (const attempt of stored.toSorted((a, b) => a.startedAt - b.startedAt)) {
    for (let next = byEnd[ended]; next && next.endedAt < attempt.startedAt; next = byEnd[++ended]) {
      highest = Math.max(highest, ...next.positions);
    }
    const lowest = Math.min(...attempt.positions);
    if (lowest < highest) yield `position ${lowest} was drawn after ${highest} had been acknowledged`;
  }
}

/** Whatever became of an append, it is stored whole or not at all. */
function* tornAppends({ attempts, log }: History): Iterable<string> {
  const stored = new Set(log.map(({ id }) => id));
  for (const { appends } of attempts) {
    const ids = appends.flatMap(({ events }) => events.map(({ id }) => id));
    const count = ids.filter((id) => stored.has(id)).length;
    if (count > 0 && count < ids.length) yield `${count} of ${ids.length} events of one append are stored`;
  }
}

/** The subscriber was handed every event once, each stream in order. */
function* brokenHandling({ log, handled }: History): Iterable<string> {
  const times = groupBy(handled, ({ id }) => id);
  for (const { id, globalPosition } of log) {
    const count = times.get(id)?.length ?? 0;
    if (count !== 1) yield `position ${globalPosition} was handled ${count} times`;
  }
  for (const [streamId, events] of groupBy(handled, (event) => event.streamId)) {
    const versions = events.map(({ version }) => version);
    if (versions.some((version, index) => version < (versions[index - 1] ?? 0))) {
      yield `stream ${streamId} was handled as ${versions.join(', ')}`;
    }
  }
}

function groupBy<T, K>(items: readonly T[], keyOf: (item: T) => K): Map<K, T[]> {
  const groups = new Map<K, T[]>();
  for (const item of items) {
    const group = groups.get(keyOf(item));
    if (group) group.push(item);
    else groups.set(keyOf(item), [item]);
  }
  return groups;
}
