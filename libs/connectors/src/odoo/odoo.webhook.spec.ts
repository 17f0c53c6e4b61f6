import { describe, expect, it } from '@jest/globals';
import type { WebhookDelivery } from '../port/webhook.js';
import { odooConfigSchema, odooSecretsSchema } from './odoo.settings.js';
import { odooWebhook } from './odoo.webhook.js';

const SECRET = 'a-secret-of-the-webhook-path';

describe('Odoo webhook: who sent it', () => {
  it('knows the secret as the last part of the path, also the previous one while they rotate', () => {
    expect(verify(SECRET)).toEqual({ ok: true, scheme: 'path' });
    expect(verify(`deleted/${SECRET}`)).toMatchObject({ ok: true });
    const rotating = { webhookSecret: 'another-secret-for-it', previousWebhookSecrets: [SECRET] };
    expect(verify(SECRET, rotating)).toMatchObject({ ok: true });
  });

  it.each(['wrong', `${SECRET}x`, SECRET.slice(1), `${SECRET}/more`])('refuses the tail %s', (tail) =>
    expect(verify(tail)).toEqual({ ok: false, reason: 'bad_signature' }),
  );

  it('refuses a path without a secret, and every path while there is none', () => {
    for (const tail of ['', `${SECRET}/`])
      expect(verify(tail)).toMatchObject({ reason: 'missing_signature' });
    expect(verify('', { webhookSecret: undefined })).toMatchObject({ reason: 'no_secret' });
  });
});

describe('Odoo webhook: what it says', () => {
  it('reads a hint at a partner, of no account', () => {
    expect(signals({})).toEqual([
      {
        stream: 'partners',
        id: '8',
        kind: 'upsert',
        occurredAt: '2026-11-23T10:50:36.647Z',
        dedupKey: 'res.partner:8:2026-11-23 10:50:36.647042:push webhook(#235)',
        account: null,
      },
    ]);
  });

  it('has one key for the flood of one write, and another for the next write and for the deletion', () => {
    const key = (change: object) => signals(change)[0]?.dedupKey;
    expect(key({})).toBe(key({ email: 'other@x.example' }));
    expect(key({})).not.toBe(key({ write_date: '2026-11-23 10:50:36.647043' }));
    expect(key({})).not.toBe(key({ _action: 'push webhook(#236)' }));
  });

  it.each([undefined, false, ''])('never takes two hints for one when write_date is %p', (write_date) => {
    const [first, second] = [signals({ write_date }), signals({ write_date })];
    expect(first[0]).toMatchObject({ id: '8', occurredAt: null });
    expect(first[0]?.dedupKey).not.toBe(second[0]?.dedupKey);
  });

  it.each(['crm.lead', 'constructor'])('has nothing to say about %s', (_model) =>
    expect(signals({ _model })).toEqual([]),
  );

  it.each(['', 'hello', 'null', '[]', '{}', '{"_model":"res.partner","_id":false}'])(
    'refuses the body %s',
    (body) =>
      expect(() => odooWebhook.parse({ ...delivery({}), rawBody: Buffer.from(body) })).toThrow(
        expect.objectContaining({ code: 'INVALID_DELIVERY' }),
      ),
  );
});

function verify(tail: string, change: Record<string, unknown> = {}) {
  const secrets = odooSecretsSchema.parse({ accessToken: 'key', webhookSecret: SECRET, ...change });
  const config = odooConfigSchema.parse({ baseUrl: 'https://odoo.example' });
  return odooWebhook.verify({ ...delivery({}), tail }, { config, secrets }, new Date());
}

const signals = (change: object) => odooWebhook.parse(delivery(change)).signals;

function delivery(change: object): WebhookDelivery {
  const body = {
    _action: 'push webhook(#235)',
    _id: 8,
    _model: 'res.partner',
    write_date: '2026-11-23 10:50:36.647042',
    ...change,
  };
  const rawBody = Buffer.from(JSON.stringify(body));
  return { method: 'POST', url: 'https://rollcall.example/hook', tail: SECRET, headers: {}, rawBody };
}
