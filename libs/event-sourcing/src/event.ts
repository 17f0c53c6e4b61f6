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
  /** When it happened, ISO 8601 in UTC, by the writer's clock. Never used for order. */
  readonly occurredAt: string;
}

/** An event ready to be appended. `id` is a UUIDv7, `schemaVersion` the version of its data's shape. */
export interface NewEvent<E extends Event = Event> {
  readonly id: string;
  readonly type: E['type'];
  readonly schemaVersion: number;
  readonly data: E['data'];
  readonly metadata: EventMetadata;
}

/** An event in the log. Versions count from 1 in their stream; positions rise over the whole log, with gaps. */
export interface RecordedEvent<E extends Event = Event> extends NewEvent<E> {
  readonly streamId: string;
  readonly version: number;
  readonly globalPosition: number;
  /** When the database stored it; informational, never used for order. */
  readonly recordedAt: Date;
}
