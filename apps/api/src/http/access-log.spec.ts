import { expect, it } from '@jest/globals';
import { fastify } from 'fastify';
import type { Logger } from '#platform';
import { logAccess } from './access-log.js';
import { requestId } from './request-id.js';

it('notes the pattern of a route and never what a path holds, which may be a secret', async () => {
  const noted: unknown[] = [];
  const log = {
    isLevelEnabled: () => true,
    debug: (fields: unknown) => noted.push(fields),
  } as unknown as Logger;
  const app = fastify({ genReqId: requestId });
  logAccess(app, log);
  app.post('/v1/webhooks/:kind/:connection_id/*', async () => 'taken');
  const answer = await app.inject({ method: 'POST', url: '/v1/webhooks/odoo/1/hush-hush?token=hush-hush' });
  const id = answer.headers['x-request-id'];
  expect(id).toMatch(/^[0-9a-f]{32}$/);
  expect(noted).toMatchObject([{ requestId: id, route: '/v1/webhooks/:kind/:connection_id/*', status: 200 }]);
  expect(JSON.stringify(noted)).not.toContain('hush');
});
