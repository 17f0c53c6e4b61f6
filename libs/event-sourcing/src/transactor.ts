import { type Clock, systemClock, uuidv7 } from '#platform';
import { type Decider, type Decision, fold } from './decider.js';
import {
  CommandAlreadyRecordedError,
  IdempotencyKeyReusedError,
  VersionMismatchError,
  WriteConflictError,
  WrongExpectedVersionError,
} from './errors.js';
import type { Event, EventMetadata, NewEvent } from './event.js';
import type { EventCatalog } from './event-catalog.js';
import type { AppendOptions, EventStore, StreamAppend } from './event-store.js';
import { isMet, type Precondition } from './precondition.js';

/** A stream's state and version as a command finds it; version 0 when the stream does not exist. */
export interface Loaded<State> {
  readonly state: State;
  readonly version: number;
}

/** The circumstances of one command. */
export interface TransactContext {
  readonly metadata: Omit<EventMetadata, 'occurredAt'>;
  /** Makes a repeated command harmless: the same key answers what it answered before. */
  readonly idempotency?: { readonly key: string; readonly requestHash: Uint8Array } | undefined;
  /** What the caller wants to be true of the stream's version; where it is not, nothing is changed. */
  readonly precondition?: Precondition | undefined;
}

export interface TransactorOptions<State, E extends Event, Store extends EventStore> {
  readonly store: Store;
  readonly category: string;
  readonly decider: Decider<State, E>;
  readonly catalog: EventCatalog<E>;
  /** Reads the current state, from a snapshot or by folding the stream, through the store it is given. */
  readonly load: (store: Store, streamId: string) => Promise<Loaded<State>>;
  /** What a failed append means, given the state that it was to store; itself where that says nothing more. */
  readonly explain?: (error: unknown, after: State) => unknown;
  readonly clock?: Clock;
}

const MAX_TRIES = 6;

/**
 * Load, decide, append: the one path of every change. The first try is optimistic. When another writer was faster,
 * the next tries take the stream's row lock first, so that any number of writers of one stream queue up and all
 * succeed (20 parallel changes of one identity lost 17 of them in the reference server).
 */
export class Transactor<State, E extends Event, Store extends EventStore = EventStore> {
  protected readonly clock: Clock;

  constructor(private readonly options: TransactorOptions<State, E, Store>) {
    this.clock = options.clock ?? systemClock;
  }

  /**
   * Decides on the stream's state and appends what was decided; no events, no write.
   * @param answer the command's answer, made from the state and version after it; kept with its idempotency key.
   */
  async transact<Answer>(
    streamId: string,
    decide: Decision<State, E>,
    context: TransactContext,
    answer: (after: Loaded<State>) => Answer,
    known?: Loaded<State>,
  ): Promise<Answer> {
    return this.once(context, () => this.tryTransact(streamId, decide, context, answer, known));
  }

  /** The metadata of what happens now. A batch stamps once and shares it among its events. */
  stamp(metadata: TransactContext['metadata']): EventMetadata {
    return { ...metadata, occurredAt: this.clock.now().toISOString() };
  }

  /** The events of a decision, given ids and metadata, with the states around them. Undefined: nothing to say. */
  prepare(
    streamId: string,
    { state, version }: Loaded<State>,
    decide: Decision<State, E>,
    metadata: EventMetadata,
  ): (StreamAppend<E, State> & { readonly after: State }) | undefined {
    const events = decide(state);
    if (events.length === 0) return undefined;
    return {
      streamId,
      category: this.options.category,
      expectedVersion: version,
      events: this.envelop(events, metadata),
      before: state,
      after: fold(this.options.decider, events, state),
    };
  }

  /**
   * Runs a command with an idempotency key at most once. Its answer is looked up before the work, since a rule
   * may refuse the second time what it allowed the first (a delete), and again when the work fails, since a
   * parallel delivery may have won the race.
   */
  async once<Answer>({ idempotency }: TransactContext, work: () => Promise<Answer>): Promise<Answer> {
    if (!idempotency) return work();
    const recorded = await this.recordedAnswer<Answer>(idempotency);
    if (recorded) return recorded.answer;
    try {
      return await work();
    } catch (error) {
      const raced = await this.recordedAnswer<Answer>(idempotency);
      if (raced) return raced.answer;
      throw error;
    }
  }

  private async recordedAnswer<Answer>({ key, requestHash }: NonNullable<TransactContext['idempotency']>) {
    const command = await this.options.store.findCommand(key);
    if (!command) return undefined;
    if (Buffer.compare(command.requestHash, requestHash) !== 0) throw new IdempotencyKeyReusedError();
    return { answer: command.result as Answer };
  }

  private async tryTransact<Answer>(
    streamId: string,
    decide: Decision<State, E>,
    context: TransactContext,
    answer: (after: Loaded<State>) => Answer,
    known?: Loaded<State>,
  ): Promise<Answer> {
    const { store, load } = this.options;
    const attempt = async (on: Store, loaded: Loaded<State>) =>
      this.attempt(on, streamId, loaded, decide, context, answer);
    let conflict: unknown;
    for (let tries = 1; tries <= MAX_TRIES; tries++) {
      try {
        return tries === 1
          ? await attempt(store, known ?? (await load(store, streamId)))
          : await store.exclusively(streamId, async (locked) =>
              attempt(locked, await load(locked, streamId)),
            );
      } catch (error) {
        // Who has waited for a lock as long as one may wait does not wait six times as long.
        if (!isConflict(error) || isLockTimeout(error)) throw error;
        conflict = error;
      }
    }
    throw new WriteConflictError(streamId, MAX_TRIES, { cause: conflict });
  }

  private async attempt<Answer>(
    store: Store,
    streamId: string,
    loaded: Loaded<State>,
    decide: Decision<State, E>,
    { metadata, idempotency, precondition }: TransactContext,
    answer: (after: Loaded<State>) => Answer,
  ): Promise<Answer> {
    const append = this.prepare(streamId, loaded, decide, this.stamp(metadata));
    // After the rule: that the thing does not exist says more than that its version differs.
    if (precondition && !isMet(precondition, loaded.version)) {
      throw new VersionMismatchError(precondition, loaded.version);
    }
    const after = append ? { state: append.after, version: loaded.version + append.events.length } : loaded;
    const result = answer(after);
    const options: AppendOptions = { command: idempotency && { ...idempotency, result } };
    if (append) await this.append(store, append, options);
    else if (options.command) await store.recordCommand(options.command);
    return result;
  }

  private async append(
    store: Store,
    append: StreamAppend<E, State> & { readonly after: State },
    options: AppendOptions,
  ): Promise<void> {
    const { explain = (error: unknown) => error } = this.options;
    try {
      await store.append([append], options);
    } catch (error) {
      throw explain(error, append.after);
    }
  }

  private envelop(events: readonly E[], metadata: EventMetadata): NewEvent<E>[] {
    return events.map(
      ({ type, data }) =>
        ({
          id: uuidv7(),
          type,
          schemaVersion: this.options.catalog.currentVersion(type),
          data,
          metadata,
        }) as NewEvent<E>,
    );
  }
}

const DEADLOCK = '40P01';
const LOCK_TIMEOUT = '55P03';

const isLockTimeout = (error: unknown): boolean => (error as { code?: unknown }).code === LOCK_TIMEOUT;

/** A lost race, in which case deciding again on fresh state is right. */
export function isConflict(error: unknown): boolean {
  if (error instanceof CommandAlreadyRecordedError) return false;
  const { code } = error as { code?: string };
  return error instanceof WrongExpectedVersionError || code === DEADLOCK || code === LOCK_TIMEOUT;
}
