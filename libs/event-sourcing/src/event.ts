/** A fact: its type and data, before anybody gave it an id. */
export interface Event<Type extends string = string, Data = unknown> {
  readonly type: Type;
  readonly data: Data;
}

/** Who caused an event, from where, and in answer to what. */
export interface EventMetadata {
  /** Who: `key:<api key id>`, `connection:<id>`, `import:<id>`, `job:<producer>`. */
  readonly actor: string;
  /** Which door it came through: `rest`, `queue`, `import`, `sync`, `cli`. */
  readonly source: string;
  /** The same for everything that one request or run set off. */
  readonly correlationId: string;
  /** The id of the request, job or delivery that asked for this one change. */
  readonly causationId?: string;
  /** What outside thing it speaks of, such as `contacts:512` for a record of a CRM. */
  readonly subject?: string;
  /** When it happened, ISO 8601 in UTC, by the writer's clock. Never used for order. */
  readonly occurredAt: string;
}

interface Envelope {
  /** A UUIDv7. */
  readonly id: string;
  /** The version of the data's shape. */
  readonly schemaVersion: number;
  readonly metadata: EventMetadata;
}

interface Place {
  readonly streamId: string;
  /** Counts from 1 in its stream. */
  readonly version: number;
  /** Rises over the whole log, with gaps. */
  readonly globalPosition: number;
  /** When the database stored it; informational, never used for order. */
  readonly recordedAt: Date;
}

// Distributive, so that a union of events stays a union that `type` tells apart.
/** An event ready to be appended. */
export type NewEvent<E extends Event = Event> = E extends Event ? E & Envelope : never;

/** An event in the log. */
export type RecordedEvent<E extends Event = Event> = E extends Event ? E & Envelope & Place : never;
