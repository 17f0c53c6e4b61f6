import type { Event, NewEvent, RecordedEvent } from './event.js';

/** What to append to one stream. */
export interface StreamAppend<E extends Event = Event, State = unknown> {
  /** A UUID. */
  readonly streamId: string;
  readonly category: string;
  /** The version the decision was made on: 0 for a stream that must not exist yet, `any` to append regardless. */
  readonly expectedVersion: number | 'any';
  /** At least one. A stream comes once in an append. */
  readonly events: readonly NewEvent<E>[];
  /** The states around these events, for inline projections; streams without one need none. */
  readonly before?: State;
  readonly after?: State;
}

/** How long a repeated command is recognised. */
export const COMMAND_LIFETIME_HOURS = 24;

/** An idempotent command: its key, what was asked (a hash), and what was answered. */
export interface CommandRecord {
  readonly key: string;
  readonly requestHash: Uint8Array;
  readonly result: unknown;
}

export interface AppendOptions {
  /** Recorded in the same transaction; a key that is on record refuses the whole append. */
  readonly command?: CommandRecord | undefined;
}

/** Where a stream ended up. */
export interface AppendResult {
  readonly streamId: string;
  /** Version of the stream after the append. */
  readonly version: number;
  /** Position of the stream's last new event. */
  readonly globalPosition: number;
}

export interface LogPage {
  readonly events: readonly RecordedEvent[];
  /** Nothing will ever appear at or below this position again: a reader who took the page may go on from here. */
  readonly safe: number;
}

/** The log. One PostgreSQL and one in-memory implementation pass the same contract (testing/event-store.contract.ts). */
export interface EventStore {
  /**
   * Appends to one or many streams, all or nothing. Results come in the order of the streams.
   * @throws WrongExpectedVersionError, CommandAlreadyRecordedError, DuplicateEventError
   */
  append(streams: readonly StreamAppend[], options?: AppendOptions): Promise<readonly AppendResult[]>;

  /** Keeps a command that caused no event. @throws CommandAlreadyRecordedError */
  recordCommand(command: CommandRecord): Promise<void>;

  /** A command on record for less than `COMMAND_LIFETIME_HOURS`, or nothing: then its key is free again. */
  findCommand(key: string): Promise<CommandRecord | undefined>;

  /** A stream's events in order, from just after `after` up to and including `upTo`. */
  readStream(streamId: string, range?: { after?: number; upTo?: number }): Promise<readonly RecordedEvent[]>;

  /** The version of a stream's last event that was recorded by then, to the millisecond; 0 when there is none. */
  versionAt(streamId: string, time: Date): Promise<number>;

  /** At most `limit` events after a position, in order, never past what is safe to read. */
  readAll(after: number, limit: number): Promise<LogPage>;

  /** Runs `work` on a store that has this stream to itself: other writers of the stream wait. */
  exclusively<T>(streamId: string, work: (store: this) => Promise<T>): Promise<T>;
}
