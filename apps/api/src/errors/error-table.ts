/** A code that answers a request: what it means, how it is answered, and what helps. */
export interface Row {
  readonly status: number;
  /** Sent as `x-should-retry`. Clients obey it before their own rules: they would otherwise send a 409 three times. */
  readonly retry?: boolean;
  /** Sent as `Retry-After`, in seconds; `told` where the error itself knows how many. */
  readonly retryAfter?: number | 'told';
  /** Said in `detail` instead of the error's own message. */
  readonly detail?: string;
  readonly meaning: string;
  readonly advice: string;
}

const notFound = { status: 404 };
const invalid = { status: 422 };
const settled = { status: 409, retry: false };
const lostRace = { status: 409, retry: true, retryAfter: 1 };
const comeBack = { status: 503, retryAfter: 1 };

/**
 * Every code that answers a request, by what it is about. docs/errors.md is written from it; the codes that answer
 * none are in unanswered-codes.ts.
 */
const rows = {
  'The request itself': {
    INVALID_REQUEST: {
      ...invalid,
      meaning: 'A part of the request is not what the endpoint takes',
      advice: '`detail` says where and what was expected; `examples` shows a right id',
    },
    UNREADABLE_BODY: {
      ...invalid,
      meaning: 'There is no body, or it is no JSON that is taken',
      advice: 'Send UTF-8 JSON with `Content-Type: application/json`',
    },
    UNSTORABLE: {
      ...invalid,
      detail: 'A text, time or number in the request cannot be stored',
      meaning:
        'The database has no room for a value: NUL, half of a character pair, a time or number out of range',
      advice: 'Correct the value',
    },
    BODY_TOO_LARGE: {
      status: 413,
      meaning: 'The body has more bytes than the endpoint reads at once',
      advice: 'Send less at once; many identities go by `POST /v1/imports`',
    },
    BODY_LENGTH_WRONG: {
      status: 400,
      detail: 'The request body is not as long as its Content-Length says',
      meaning: 'The body was cut off, or something on the way changed it',
      advice: 'Send it again; look at proxies when it comes back',
    },
    INVALID_ARGUMENT: {
      status: 400,
      meaning: 'A malformed identity id on an attach or detach route',
      advice: 'Send `identity-<uuid4>`',
    },
    INVALID_PATH: {
      status: 400,
      detail: 'The path is not a valid URL',
      meaning: 'The path is not percent-encoded as URLs are',
      advice: 'Encode each part of the path',
    },
    PATH_TOO_LONG: {
      status: 414,
      detail: 'A part of the path is too long',
      meaning: 'A part of the path is longer than any id or key',
      advice: 'Shorten it',
    },
    ROUTE_NOT_FOUND: {
      ...notFound,
      meaning: 'There is no such path',
      advice: '`/openapi.json` and `/docs` list all',
    },
    METHOD_NOT_ALLOWED: {
      status: 405,
      meaning: 'The path exists, the method does not',
      advice: '`Allow` says which do',
    },
    MALFORMED_REQUEST: {
      status: 400,
      meaning: 'What came is not HTTP as the server reads it, or has no `Host`',
      advice: 'Look at the client or the proxy that wrote it',
    },
    REQUEST_TIMEOUT: {
      status: 408,
      meaning: 'The headers or the body did not come in time',
      advice: 'Send it again',
    },
    EXPECTATION_FAILED: {
      status: 417,
      meaning: 'The header `Expect` names something else than `100-continue`',
      advice: 'Leave it out',
    },
    HEADERS_TOO_LARGE: {
      status: 431,
      meaning: 'The headers have more than 16 KB',
      advice: 'Send fewer or shorter ones',
    },
  },

  'Keys and limits': {
    UNAUTHORIZED: {
      status: 401,
      meaning: 'There is no API key, or it is unknown or revoked',
      advice: 'Send `Authorization: Bearer rc_…`; `rollcall keys create` makes one',
    },
    SCOPE_MISSING: {
      status: 403,
      meaning: 'The key may do less than the endpoint asks for',
      advice: 'Use a key with the scope that `detail` names',
    },
    PROJECT_FORBIDDEN: {
      status: 403,
      meaning: 'The key is limited to projects, and this is none of them',
      advice: 'Name one of its projects, or use another key',
    },
    TOO_MANY_REQUESTS: {
      status: 429,
      retryAfter: 'told',
      meaning:
        'More requests than `ROLLCALL_RATE_LIMIT` in this minute, or too many failed logins from an address',
      advice: 'Wait as long as `Retry-After` says',
    },
  },

  Identities: {
    IDENTITY_NOT_FOUND: {
      ...notFound,
      meaning: 'No identity has this id, or the key may not see it',
      advice: 'Check the id; of a merged one `detail` names the survivor',
    },
    CURSOR_NOT_FOUND: {
      ...notFound,
      meaning: '`before` or `after` names nothing that the key may see',
      advice: 'Start at the first page',
    },
    REFERENCE_NOT_FOUND: {
      ...notFound,
      meaning: 'The Letta server has no such agent or block',
      advice: 'Detach it, or check `LETTA_UPSTREAM_URL`',
    },
    IDENTITY_LIMIT: {
      ...invalid,
      meaning: 'More properties, agents or blocks than one identity holds',
      advice: 'Remove what is not needed',
    },
    IDENTIFIER_KEY_TAKEN: {
      ...settled,
      meaning: 'Another identity of the project has this `identifier_key`',
      advice: 'Choose another key, or upsert to bring the other one up to date',
    },
    VERSION_MISMATCH: {
      status: 412,
      meaning: 'The identity is not at a version that `If-Match` or `If-None-Match` allows',
      advice: 'Read it again and repeat the change on what it is now',
    },
    IDEMPOTENCY_KEY_REUSED: {
      ...invalid,
      meaning: 'The `Idempotency-Key` was sent before with another request',
      advice: 'Make a new key for a new request',
    },
    COMMAND_ALREADY_RECORDED: {
      ...lostRace,
      meaning: 'The same request with the same `Idempotency-Key` is being done at this moment',
      advice: 'Send it again with the same key: it answers what the other one did',
    },
    WRITE_CONFLICT: {
      ...lostRace,
      meaning: 'Others changed the identity during all tries; nothing was done',
      advice: 'Send it again',
    },
    DATABASE_BUSY: {
      ...lostRace,
      meaning: 'Another transaction held the same rows for too long; nothing was done',
      advice: 'Send it again',
    },
  },

  'Connections and runs': {
    CONNECTION_NOT_FOUND: {
      ...notFound,
      meaning: 'No connection has this id, or the key may not see it',
      advice: '`GET /v1/connections` lists them',
    },
    CONNECTION_NAME_TAKEN: {
      ...settled,
      meaning: 'Another connection has this name',
      advice: 'Choose another name',
    },
    INVALID_CONNECTION: {
      ...invalid,
      meaning: 'Settings, secrets, mapping or policies do not make a connection of this kind',
      advice: '`detail` says which and what was expected',
    },
    MAPPING_VERSION_NOT_FOUND: {
      ...invalid,
      meaning: 'The connection never had this version of its mapping',
      advice: 'Name one that it had',
    },
    CONNECTION_CHECK_FAILED: {
      ...invalid,
      meaning: 'The vendor refused what the connection would use, or could not be asked',
      advice: 'Correct what `detail` names; try again when the vendor was away',
    },
    REAUTHORIZATION_REQUIRED: {
      ...settled,
      meaning: 'The vendor does not take the secrets any more',
      advice: 'Give the connection new ones',
    },
    SECRET_UNREADABLE: {
      ...settled,
      detail:
        'It was sealed with a key that is not in ROLLCALL_SECRET_KEY any more; add that key behind the newest one',
      meaning: 'No key in `ROLLCALL_SECRET_KEY` opens what is stored',
      advice: 'Add the key that sealed it behind the newest one, or give the secrets anew',
    },
    CONNECTION_UNAVAILABLE: {
      ...settled,
      meaning: 'The connection is paused or needs new secrets',
      advice: 'Resume it, or give it new secrets first',
    },
    RUN_NOT_FOUND: {
      ...notFound,
      meaning: 'No run has this id, or the key may not see it',
      advice: '`GET /v1/runs` lists them',
    },
    RUN_ACTIVE: {
      ...settled,
      meaning: 'A run of the same stream is under way',
      advice: 'Wait for it, or cancel it first',
    },
    UNKNOWN_STREAM: {
      ...invalid,
      meaning: 'The connection does not sync this stream',
      advice: 'Name one that `detail` lists',
    },
    SWEEP_UNSUPPORTED: {
      ...invalid,
      meaning: 'The connector reads deletions from the vendor and has no sweep',
      advice: 'Start an incremental or full run instead',
    },
    CONFLICT_NOT_FOUND: {
      ...notFound,
      meaning: 'No conflict has this id, or the key may not see it',
      advice: '`GET /v1/conflicts` lists them',
    },
    CONFLICT_OVER: {
      ...settled,
      meaning: 'The conflict is resolved, or went away by itself',
      advice: 'There is nothing left to do',
    },
    CONFLICT_CHANGED: {
      ...settled,
      meaning: 'The record wants another key by now, or somebody else has it',
      advice: 'Look at the conflict again, and resolve it then',
    },
    NAMED_KEY_TAKEN: {
      ...settled,
      meaning: 'The key that was to resolve the conflict belongs to another identity',
      advice: 'Name one that is free',
    },
    QUARANTINED_RECORD_NOT_FOUND: {
      ...notFound,
      meaning: 'No such record is in quarantine, or the key may not see it',
      advice: 'It may have been taken since',
    },
    RECORD_NOT_REPLAYABLE: {
      ...settled,
      meaning: 'The record came without an id, so the vendor cannot be asked for it',
      advice: 'Correct it at the vendor; a full run may read it',
    },
    EXPRESSIONS_HOPELESS: {
      ...invalid,
      meaning: 'An expression of the mapping had to be stopped on record after record',
      advice: 'Simplify the expression that `detail` names',
    },
    EXPRESSIONS_UNAVAILABLE: {
      ...comeBack,
      meaning: 'The processes that evaluate expressions cannot be started',
      advice: "Send it again; when it stays, look at the host's memory and limits",
    },
  },

  Webhooks: {
    WEBHOOK_REFUSED: {
      status: 401,
      meaning: 'The delivery does not prove that it comes from the vendor and account of the connection',
      advice: "Compare secret and `ROLLCALL_PUBLIC_URL` with the vendor's settings; test the connection",
    },
    WEBHOOK_TOO_LARGE: {
      status: 413,
      meaning: 'The delivery has more than 1 MB',
      advice: 'Have the vendor send fewer events at once',
    },
    INVALID_DELIVERY: {
      status: 400,
      meaning: 'The delivery is signed, but not what the vendor documents',
      advice: 'Report it with the `trace_id`; runs bring what it announced',
    },
    DELIVERY_NOT_FOUND: {
      ...notFound,
      meaning: 'No delivery has this id, or the key may not see it',
      advice: '`GET /v1/webhook-deliveries` lists them',
    },
    CONNECTION_UNSETTLED: {
      ...comeBack,
      meaning: 'The connection was changed again and again while the delivery was taken',
      advice: 'Vendors send it again by themselves',
    },
    PUBLIC_URL_MISSING: {
      status: 503,
      meaning: '`ROLLCALL_PUBLIC_URL` is not set, so that signatures over the address cannot be checked',
      advice: 'Set it to the address that the vendor was given',
    },
  },

  'Imports and jobs': {
    IMPORT_NOT_FOUND: {
      ...notFound,
      meaning: 'No import has this id, or the key may not see it',
      advice: '`GET /v1/imports` lists them',
    },
    IMPORT_EXISTS: {
      ...settled,
      meaning: 'An import has the `import_id` already',
      advice: 'Ask for it, or send another id',
    },
    IMPORT_STATE: {
      ...settled,
      meaning: 'What was asked makes no sense in the state the import is in',
      advice: '`detail` says what does',
    },
    NOTHING_TO_RETRY: {
      ...settled,
      meaning: 'The import rejected no row',
      advice: 'There is nothing left to do',
    },
    INVALID_IMPORT_MAPPING: {
      ...invalid,
      meaning: 'The mapping does not fit the file',
      advice: 'Correct the fields that `detail` names, and send the file again',
    },
    INVALID_HEADER: {
      ...invalid,
      meaning: 'The first row of the CSV file does not name its columns',
      advice: 'Add a header row, or say by the parameters how the file is to be read',
    },
    UNSUPPORTED_FILE: {
      ...invalid,
      meaning: 'The file is neither CSV nor NDJSON',
      advice: 'Export it as one of them',
    },
    UPLOAD_BROKEN: {
      status: 400,
      meaning: 'The file stopped coming before it was complete',
      advice: 'Send it again, under another `import_id`; rows that were applied will be unchanged',
    },
    DEAD_LETTER_NOT_FOUND: {
      ...notFound,
      meaning: 'No dead letter has this id',
      advice: '`GET /v1/dead-letters` lists them',
    },
    DEAD_LETTER_DISCARDED: {
      ...settled,
      meaning: 'The dead letter was discarded and its data erased',
      advice: 'Add the job again',
    },
    JOB_NOT_STORABLE: {
      ...invalid,
      meaning: 'The id or the data of the job has no place on a queue',
      advice: 'Correct what `detail` names',
    },
  },

  'The service': {
    INTERNAL_ERROR: {
      status: 500,
      meaning: 'A fault of Rollcall; whether the change was made is not known',
      advice: 'Report it with the `trace_id`, under which the log has the cause',
    },
    DATABASE_UNAVAILABLE: {
      ...comeBack,
      detail: 'The database is temporarily unavailable. Please try again later.',
      meaning: 'PostgreSQL does not answer or takes no writes; whether the change was made is not known',
      advice: 'Send it again, with an `Idempotency-Key`',
    },
    QUEUE_UNAVAILABLE: {
      ...comeBack,
      detail: 'The queue is temporarily unavailable. Please try again later.',
      meaning: "The queue's store, Redis or PostgreSQL, does not answer",
      advice: 'Send it again',
    },
    SERVICE_CLOSING: {
      ...comeBack,
      meaning: 'The process is being stopped and does not wait for the rest of the request',
      advice: 'Send it again: another process takes it, or this one when it is back',
    },
    NOT_READY: {
      status: 503,
      detail: 'Something the service cannot work without does not answer; see checks',
      meaning: '`/health/ready` alone says so: a check failed',
      advice: 'Send no traffic here; the log has the cause',
    },
    UPSTREAM_FAILED: {
      status: 502,
      meaning: 'The Letta server at `LETTA_UPSTREAM_URL` failed, or answered something else',
      advice: 'Look at that server; send it again',
    },
    UPSTREAM_TIMEOUT: {
      status: 504,
      meaning: 'The Letta server at `LETTA_UPSTREAM_URL` did not answer in time',
      advice: 'Look at that server; send it again',
    },
  },
} as const satisfies Readonly<Record<string, Readonly<Record<string, Row>>>>;

type Rows = typeof rows;
export type ErrorCode = { [Group in keyof Rows]: keyof Rows[Group] }[keyof Rows] & string;

/** As docs/errors.md shows them. */
export const errorGroups: Readonly<Record<string, Readonly<Record<string, Row>>>> = rows;

export const errorTable = Object.assign({}, ...Object.values(rows)) as Readonly<Record<ErrorCode, Row>>;

export const isErrorCode = (code: unknown): code is ErrorCode =>
  typeof code === 'string' && Object.hasOwn(errorTable, code);
