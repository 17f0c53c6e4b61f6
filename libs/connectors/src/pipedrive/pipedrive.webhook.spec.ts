import { describe, expect, it } from '@jest/globals';
import type { WebhookDelivery } from '../port/webhook.js';
import { pipedriveConfigSchema, pipedriveSecretsSchema } from './pipedrive.settings.js';
import { pipedriveWebhook } from './pipedrive.webhook.js';

const NOW = new Date('2026-09-01T10:00:00Z');

describe('Pipedrive webhook: who sent it', () => {
  it('knows user name and password, also the previous password while they rotate', () => {
    expect(verify('rollcall:right')).toEqual({ ok: true, scheme: 'basic' });
    const rotating = { webhookPassword: 'new', previousWebhookPasswords: ['older', 'right'] };
    expect(verify('rollcall:right', rotating)).toEqual({ ok: true, scheme: 'basic' });
  });

  it.each([
    ['another password', 'rollcall:wrong'],
    ['another user', 'somebody:right'],
    ['a password that only begins right', 'rollcall:right-and-more'],
    ['no colon', 'rollcallright'],
    ['nothing in it', ':'],
  ])('refuses %s', (_name, pair) => expect(verify(pair)).toEqual({ ok: false, reason: 'bad_signature' }));

  it('refuses a delivery without credentials, and everything while there is no password', () => {
    expect(pipedriveWebhook.verify(delivery({}), credentials(), NOW)).toMatchObject({
      reason: 'missing_signature',
    });
    const bearer = delivery({}, { authorization: 'Bearer rollcall:right' });
    expect(pipedriveWebhook.verify(bearer, credentials(), NOW)).toMatchObject({
      reason: 'missing_signature',
    });
    expect(verify('rollcall:', { webhookPassword: undefined })).toEqual({ ok: false, reason: 'no_secret' });
  });

  it('takes a password with a colon in it', () => {
    expect(verify('rollcall:a:b', { webhookPassword: 'a:b' })).toMatchObject({ ok: true });
  });
});

describe('Pipedrive webhook: what it says', () => {
  it.each([
    ['create', 'upsert'],
    ['change', 'upsert'],
    ['delete', 'delete'],
  ])('reads %s as %s', (action, kind) => {
    expect(signals({ action })).toEqual([
      {
        stream: 'persons',
        id: '512',
        kind,
        occurredAt: '2026-09-01T09:59:58.123Z',
        dedupKey: 'f0c5a1d2-0000-4000-8000-000000000001',
        account: '7441201',
        origin: 'api',
      },
    ]);
  });

  it('reads a deletion that names a survivor as a merge', () => {
    expect(signals({ action: 'delete', merged_to_id: 77 })).toMatchObject([
      { kind: 'merge', mergedInto: '77' },
    ]);
  });

  it('reads numbers as ids, and organizations as their own stream', () => {
    expect(signals({ entity: 'organization', entity_id: 3, company_id: 9 })).toMatchObject([
      { stream: 'organizations', id: '3', account: '9' },
    ]);
  });

  it.each([{ entity: 'deal' }, { action: 'merged' }, { entity: 'constructor' }])(
    'has nothing to say about %j',
    (meta) => expect(signals(meta)).toEqual([]),
  );

  it('keeps its key when it is sent again', () => {
    expect(signals({ attempt: 1 })[0]?.dedupKey).toBe(signals({ attempt: 3 })[0]?.dedupKey);
  });

  it.each([
    '',
    'hello',
    'null',
    '[]',
    '{}',
    '{"meta":{"action":"change"}}',
    '{"v":1,"event":"updated.person"}',
  ])('refuses the body %s', (body) =>
    expect(() => pipedriveWebhook.parse({ ...delivery({}), rawBody: Buffer.from(body) })).toThrow(
      expect.objectContaining({ code: 'INVALID_DELIVERY' }),
    ),
  );
});

function verify(pair: string, change: Record<string, unknown> = {}) {
  const authorization = `Basic ${Buffer.from(pair).toString('base64')}`;
  return pipedriveWebhook.verify(delivery({}, { authorization }), credentials(change), NOW);
}

function signals(meta: Record<string, unknown>) {
  return pipedriveWebhook.parse(delivery(meta)).signals;
}

function credentials(change: Record<string, unknown> = {}) {
  const secrets = { accessToken: 'token', webhookPassword: 'right', ...change };
  return { config: pipedriveConfigSchema.parse({}), secrets: pipedriveSecretsSchema.parse(secrets) };
}

function delivery(meta: Record<string, unknown>, headers: WebhookDelivery['headers'] = {}): WebhookDelivery {
  const event = {
    action: 'change',
    entity: 'person',
    entity_id: '512',
    company_id: '7441201',
    id: 'f0c5a1d2-0000-4000-8000-000000000001',
    timestamp: '2026-09-01T09:59:58.123Z',
    change_source: 'api',
    version: '2.0',
    ...meta,
  };
  const rawBody = Buffer.from(JSON.stringify({ meta: event, data: null, previous: null }));
  return { method: 'POST', url: 'https://rollcall.example/hook', tail: '', headers, rawBody };
}
