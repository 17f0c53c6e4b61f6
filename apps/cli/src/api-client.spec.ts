import { expect, it } from '@jest/globals';
import { ApiRefusedError } from './api-client.js';

it.each([
  [
    'the service',
    409,
    '{"detail":"No","code":"RUN_ACTIVE","trace_id":"1"}',
    'No (409 RUN_ACTIVE)',
    'RUN_ACTIVE',
  ],
  ['a release that sent no codes', 409, '{"detail":"No"}', 'No (409)', undefined],
  ['a proxy', 502, '<html>Bad Gateway</html>', 'Bad Gateway (502)', undefined],
  ['a proxy that speaks JSON', 503, '{"error":{"code":503}}', 'Service Unavailable (503)', undefined],
  ['nobody', 599, '', 'The request was refused (599)', undefined],
])('tells the refusal of %s', (_, status, body, message, reason) =>
  expect(ApiRefusedError.of(status, body)).toMatchObject({ status, message, reason }),
);
