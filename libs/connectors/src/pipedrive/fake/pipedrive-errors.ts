import type { FakeReply } from '../../testing/fake-server.js';

/** Pipedrive's error bodies: version 2 names a code, the gateway a number. */
export const badRequest = (error: string): FakeReply => ({
  status: 400,
  json: {
    success: false,
    error,
    error_info: 'Please check developers.pipedrive.com',
    code: 'ERR_SCHEMA_VALIDATION_FAILED',
    data: null,
    additional_data: null,
  },
});

export const notFound = (error = 'The requested entity was not found'): FakeReply => ({
  status: 404,
  json: { success: false, error, code: 'ERR_NOT_FOUND', data: null },
});

export const unauthorized = (): FakeReply => ({
  status: 401,
  json: {
    success: false,
    error: 'unauthorized access',
    errorCode: 401,
    error_info: 'Please check developers.pipedrive.com',
  },
});

export const scopeMissing = (): FakeReply => ({
  status: 403,
  json: { success: false, error: 'Scope and URL mismatch', errorCode: 403 },
});

export const tooManyRequests = (headers: Record<string, string>): FakeReply => ({
  status: 429,
  headers,
  json: { success: false, error: 'Request over limit', errorCode: 429 },
});

export const invalidGrant = (): FakeReply => ({
  status: 400,
  json: { success: false, message: 'Invalid grant: refresh token is invalid', error: 'invalid_grant' },
});
