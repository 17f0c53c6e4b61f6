import { type Refusal, refusal } from './refusal.js';

/** Codes that are not ours, and the refusal that each of them is: what callers rely on outlives a framework's words. */
export const foreignCodes: Readonly<Record<string, Refusal>> = {
  FST_ERR_CTP_BODY_TOO_LARGE: refusal('BODY_TOO_LARGE', 'The request body is too large'),
  FST_ERR_CTP_INVALID_CONTENT_LENGTH: refusal('BODY_LENGTH_WRONG'),
  FST_ERR_CTP_INVALID_MEDIA_TYPE: refusal(
    'UNREADABLE_BODY',
    'body: expected the header Content-Type: application/json',
  ),
  FST_ERR_BAD_URL: refusal('INVALID_PATH'),
  FST_ERR_MAX_PARAM_LENGTH: refusal('PATH_TOO_LONG'),

  HPE_HEADER_OVERFLOW: refusal('HEADERS_TOO_LARGE'),
  ERR_HTTP_REQUEST_TIMEOUT: refusal('REQUEST_TIMEOUT'),

  // PostgreSQL: lost against a parallel transaction, in a deadlock with it, or waited for it too long.
  '40001': refusal('DATABASE_BUSY'),
  '40P01': refusal('DATABASE_BUSY'),
  '55P03': refusal('DATABASE_BUSY'),
};
