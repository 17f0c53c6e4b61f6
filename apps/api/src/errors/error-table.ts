/** How a refusal is answered. */
export interface Refusal {
  readonly status: number;
  /** Clients obey it before their own rules: they would otherwise send a 409 three times. */
  readonly retry?: boolean;
  /** Seconds. */
  readonly retryAfter?: number;
  /** Said instead of the error's own message. */
  readonly detail?: string;
}

const notFound = { status: 404 };
const invalid = { status: 422 };
const tryAgain = { status: 409, retry: true, retryAfter: 1 };
/** Every error code that a caller may cause or meet, and its status. A code that is not here is our fault: 500. */
export const refusals: Readonly<Record<string, Refusal>> = {
  INVALID_REQUEST: invalid,
  UNREADABLE_BODY: invalid,
  BODY_TOO_LARGE: { status: 413 },
  INVALID_ARGUMENT: { status: 400 },
  UNAUTHORIZED: { status: 401, detail: 'Unauthorized' },
  SCOPE_MISSING: { status: 403 },
  TOO_MANY_REQUESTS: { status: 429 },

  IDENTITY_NOT_FOUND: notFound,
  CURSOR_NOT_FOUND: notFound,
  REFERENCE_NOT_FOUND: notFound,
  PROJECT_FORBIDDEN: { status: 403 },
  IDENTITY_LIMIT: invalid,
  IDENTIFIER_KEY_TAKEN: { status: 409, retry: false },
  IDEMPOTENCY_KEY_REUSED: invalid,
  VERSION_MISMATCH: { status: 412 },
  WRITE_CONFLICT: tryAgain,
  COMMAND_ALREADY_RECORDED: tryAgain,

  DEAD_LETTER_NOT_FOUND: notFound,
  DEAD_LETTER_DISCARDED: { status: 409, retry: false },
  JOB_NOT_STORABLE: invalid,
  SECRET_UNREADABLE: {
    status: 409,
    retry: false,
    detail:
      'It was sealed with a key that is not in ROLLCALL_SECRET_KEY any more; add that key behind the newest one',
  },

  CONNECTION_NOT_FOUND: notFound,
  CONNECTION_NAME_TAKEN: { status: 409, retry: false },
  INVALID_CONNECTION: invalid,
  MAPPING_VERSION_NOT_FOUND: invalid,
  CONNECTION_CHECK_FAILED: invalid,
  REAUTHORIZATION_REQUIRED: { status: 409, retry: false },
  CONNECTION_UNAVAILABLE: { status: 409, retry: false },
  RUN_NOT_FOUND: notFound,
  CONFLICT_NOT_FOUND: notFound,
  CONFLICT_OVER: { status: 409, retry: false },
  CONFLICT_CHANGED: { status: 409, retry: false },
  NAMED_KEY_TAKEN: { status: 409, retry: false },
  RUN_ACTIVE: { status: 409, retry: false },
  UNKNOWN_STREAM: invalid,
  SWEEP_UNSUPPORTED: invalid,
  DELIVERY_NOT_FOUND: notFound,
  QUARANTINED_RECORD_NOT_FOUND: notFound,
  RECORD_NOT_REPLAYABLE: { status: 409, retry: false },
  CONNECTION_UNSETTLED: { status: 503, retryAfter: 1 },
  WEBHOOK_REFUSED: { status: 401 },
  WEBHOOK_TOO_LARGE: { status: 413 },
  INVALID_DELIVERY: { status: 400 },
  PUBLIC_URL_MISSING: { status: 503 },

  IMPORT_NOT_FOUND: notFound,
  IMPORT_EXISTS: { status: 409, retry: false },
  IMPORT_STATE: { status: 409, retry: false },
  NOTHING_TO_RETRY: { status: 409, retry: false },
  INVALID_IMPORT_MAPPING: invalid,
  EXPRESSIONS_HOPELESS: invalid,
  EXPRESSIONS_UNAVAILABLE: { status: 503, retryAfter: 1 },
  INVALID_HEADER: invalid,
  UNSUPPORTED_FILE: invalid,
  UPLOAD_BROKEN: { status: 400 },
  SERVICE_CLOSING: { status: 503, retryAfter: 1 },

  UPSTREAM_FAILED: { status: 502 },
  UPSTREAM_TIMEOUT: { status: 504 },
  QUEUE_UNAVAILABLE: {
    status: 503,
    retryAfter: 1,
    detail: 'The queue is temporarily unavailable. Please try again later.',
  },

  // Fastify's own.
  FST_ERR_CTP_BODY_TOO_LARGE: { status: 413, detail: 'The request body is too large' },
  FST_ERR_CTP_INVALID_CONTENT_LENGTH: {
    status: 400,
    detail: 'The request body is not as long as its Content-Length says',
  },
  FST_ERR_CTP_INVALID_MEDIA_TYPE: {
    ...invalid,
    detail: 'body: expected the header Content-Type: application/json',
  },
  FST_ERR_BAD_URL: { status: 400, detail: 'The path is not a valid URL' },
  FST_ERR_MAX_PARAM_LENGTH: { status: 414, detail: 'A part of the path is too long' },

  // What PostgreSQL, the way to it and Prisma's wrappers of both say of an outage is translated by one table
  // (libs/platform/src/database/database-unavailable.ts).
  DATABASE_UNAVAILABLE: {
    status: 503,
    retryAfter: 1,
    detail: 'The database is temporarily unavailable. Please try again later.',
  },
  // What the database does not take: see refusesData.
  UNSTORABLE: { ...invalid, detail: 'A text, time or number in the request cannot be stored' },
  '40001': tryAgain,
  '40P01': tryAgain,
  '55P03': tryAgain,
};
