import { randomUUID } from 'node:crypto';
import type { FakeReply } from '../../testing/fake-server.js';

/** HubSpot's error bodies, word by word where they are known. */
export function hubSpotError(
  status: number,
  category: string,
  message: string,
  more: object = {},
): FakeReply {
  return { status, json: { status: 'error', message, correlationId: randomUUID(), category, ...more } };
}

export const invalidRequest = (message: string) => hubSpotError(400, 'VALIDATION_ERROR', message);

export const notFound = () => hubSpotError(404, 'OBJECT_NOT_FOUND', 'Object not found');

export const unauthenticated = () =>
  hubSpotError(
    401,
    'INVALID_AUTHENTICATION',
    'Authentication credentials not found. This API supports OAuth 2.0 authentication and you can find more details at https://developers.hubspot.com/docs/methods/auth/oauth-overview',
  );

export const expiredToken = () =>
  hubSpotError(
    401,
    'EXPIRED_AUTHENTICATION',
    'The OAuth token used to make this call expired 1 second(s) ago.',
    {
      context: { 'expire time': ['2026-01-01T00:00:00Z'] },
    },
  );

export const missingScope = (scope: string) =>
  hubSpotError(
    403,
    'MISSING_SCOPES',
    'This app hasn’t been granted all required scopes to make this call. Read more about required scopes here: https://developers.hubspot.com/scopes.',
    {
      errors: [
        {
          message: 'One or more of the following scopes are required.',
          context: { requiredGranularScopes: [scope] },
        },
      ],
    },
  );

export function rateLimitError(policyName: string): FakeReply {
  const limit = policyName === 'DAILY' ? 'daily' : policyName.toLowerCase();
  return {
    status: 429,
    json: {
      status: 'error',
      message: `You have reached your ${limit} limit.`,
      errorType: 'RATE_LIMIT',
      correlationId: randomUUID(),
      policyName,
      requestId: randomUUID(),
    },
  };
}
