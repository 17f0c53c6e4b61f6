import type { Event, RecordedEvent } from './event.js';

/** Turns the data of one schema version into the next one's. Pure. */
export type Upcast = (data: unknown) => unknown;

/**
 * For each event type the upcasts from version 1 on: `[]` is a type still at version 1, two upcasts make it version 3.
 * Append-only: a released upcast is never changed, and a golden file of each released version must keep decoding.
 */
export type EventTypes<E extends Event> = Readonly<Record<E['type'], readonly Upcast[]>>;

/** An event of a type this build does not know: written by a newer one. */
export class UnknownEventError extends Error {
  override readonly name = 'UnknownEventError';
  readonly code = 'UNKNOWN_EVENT';
  constructor(type: string, version: number) {
    super(
      `Event ${type} version ${version} is unknown to this build; run the version of Rollcall that wrote it or a newer one`,
    );
  }
}

/** Knows every event type, its current schema version, and how to bring older data up to it. */
export class EventCatalog<E extends Event> {
  constructor(private readonly upcasts: EventTypes<E>) {}

  get types(): readonly E['type'][] {
    return Object.keys(this.upcasts) as E['type'][];
  }

  currentVersion(type: E['type']): number {
    return this.upcasts[type].length + 1;
  }

  /** @throws UnknownEventError for a type or version of the future. */
  upcast(event: RecordedEvent): RecordedEvent<E> {
    const upcasts = Object.hasOwn(this.upcasts, event.type)
      ? this.upcasts[event.type as E['type']]
      : undefined;
    if (!upcasts || event.schemaVersion > upcasts.length + 1) {
      throw new UnknownEventError(event.type, event.schemaVersion);
    }
    const data = upcasts
      .slice(event.schemaVersion - 1)
      .reduce<unknown>((older, next) => next(older), event.data);
    return { ...event, schemaVersion: upcasts.length + 1, data } as RecordedEvent<E>;
  }
}
