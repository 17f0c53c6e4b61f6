import { type Clock, systemClock } from '#platform';
import { CommandAlreadyRecordedError, DuplicateEventError, WrongExpectedVersionError } from '../errors.js';
import type { NewEvent, RecordedEvent } from '../event.js';
import {
  type AppendOptions,
  type AppendResult,
  COMMAND_LIFETIME_HOURS,
  type CommandRecord,
  type EventStore,
  type LogPage,
  type StreamAppend,
} from '../event-store.js';

interface KeptCommand {
  readonly command: CommandRecord;
  readonly keptAt: number;
}

/**
 * The log in memory, for tests of what is built on the port. Each write is one synchronous step, which is what a
 * transaction is to the other store. No inline projections: fold what you need.
 */
export class InMemoryEventStore implements EventStore {
  private readonly log: RecordedEvent[] = [];
  private readonly streams = new Map<string, RecordedEvent[]>();
  private readonly eventIds = new Set<string>();
  private readonly commands = new Map<string, KeptCommand>();
  private readonly turns = new Map<string, Promise<unknown>>();

  constructor(private readonly clock: Clock = systemClock) {}

  async append(
    streams: readonly StreamAppend[],
    { command }: AppendOptions = {},
  ): Promise<readonly AppendResult[]> {
    this.checkVersions(streams);
    this.checkEventIds(streams.flatMap(({ events }) => events));
    if (command) this.keep(command);
    return streams.map((append) => this.add(append));
  }

  async recordCommand(command: CommandRecord): Promise<void> {
    this.keep(command);
  }

  async findCommand(key: string): Promise<CommandRecord | undefined> {
    const kept = this.commands.get(key);
    if (!kept) return undefined;
    if (kept.keptAt > this.clock.now().getTime() - COMMAND_LIFETIME_HOURS * 3_600_000) return kept.command;
    this.commands.delete(key);
    return undefined;
  }

  async readStream(streamId: string, { after = 0, upTo = Number.MAX_SAFE_INTEGER } = {}) {
    return (this.streams.get(streamId) ?? []).slice(after, Math.max(after, upTo));
  }

  async versionAt(streamId: string, time: Date): Promise<number> {
    return (this.streams.get(streamId) ?? []).findLastIndex(({ recordedAt }) => recordedAt <= time) + 1;
  }

  async readAll(after: number, limit: number): Promise<LogPage> {
    const events = this.log.slice(after, after + limit);
    return { events, safe: events.at(-1)?.globalPosition ?? Math.max(after, this.log.length) };
  }

  async exclusively<T>(streamId: string, work: (store: this) => Promise<T>): Promise<T> {
    const before = this.turns.get(streamId) ?? Promise.resolve();
    const turn = before.then(() => work(this));
    // The next one waits for this turn to end, however it ends; the caller gets the outcome.
    const ended = turn.then(
      () => undefined,
      () => undefined,
    );
    this.turns.set(streamId, ended);
    return turn;
  }

  private checkVersions(streams: readonly StreamAppend[]): void {
    for (const { streamId, expectedVersion } of streams) {
      const version = this.streams.get(streamId)?.length ?? 0;
      if (expectedVersion !== 'any' && expectedVersion !== version) throw new WrongExpectedVersionError();
    }
  }

  private checkEventIds(events: readonly NewEvent[]): void {
    const fresh = new Set(events.map(({ id }) => id));
    if (fresh.size < events.length || [...fresh].some((id) => this.eventIds.has(id))) {
      throw new DuplicateEventError('An event with this id is in the log already');
    }
  }

  private keep(command: CommandRecord): void {
    if (this.commands.has(command.key)) {
      throw new CommandAlreadyRecordedError('This command is on record already');
    }
    this.commands.set(command.key, {
      command: structuredClone(command),
      keptAt: this.clock.now().getTime(),
    });
  }

  private add({ streamId, events }: StreamAppend): AppendResult {
    const stream = this.streams.get(streamId) ?? [];
    this.streams.set(streamId, stream);
    for (const event of events) {
      const recorded: RecordedEvent = {
        ...structuredClone(event),
        streamId,
        version: stream.length + 1,
        globalPosition: this.log.length + 1,
        recordedAt: this.clock.now(),
      };
      stream.push(recorded);
      this.log.push(recorded);
      this.eventIds.add(event.id);
    }
    return { streamId, version: stream.length, globalPosition: this.log.length };
  }
}
