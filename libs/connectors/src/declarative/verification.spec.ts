import { createHmac } from 'node:crypto';
import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import type { WebhookDelivery } from '../port/webhook.js';
import { signatureOf, verifyDelivery } from './verification.js';
import { type SignedVerification, type Verification, verificationSchema } from './webhook.schema.js';

const NOW = new Date('2026-09-01T10:00:00Z');
const BODY = '{"id":7}';
const HEX_KEY = 'ab'.repeat(32);

/** Every row of the signature matrix, and one delivery as that vendor would sign it, made without our code. */
const MATRIX: readonly Row[] = [
  row('HubSpot v3', {
    verify: {
      type: 'hmac',
      alg: 'sha256',
      keys: ['{{secrets.key}}'],
      parts: ['method', 'url', 'body', 'timestamp'],
      encoding: 'base64',
      header: 'X-HubSpot-Signature-v3',
      timestamp: { header: 'X-HubSpot-Request-Timestamp', unit: 'ms' },
    },
    key: 'yyyyyyyy-yyyy-yyyy-yyyy-yyyyyyyyyyyy',
    now: new Date(1_564_113_600_000),
    url: 'https://www.example.com/webhook_uri',
    body: '[{"eventId":1,"subscriptionId":12345,"portalId":62515,"occurredAt":1564113600000,"subscriptionType":"contact.creation","attemptNumber":0,"objectId":123,"changeSource":"CRM","changeFlag":"NEW","appId":54321}]',
    headers: {
      'x-hubspot-signature-v3': 'DxmVAjFNa2xfF3YgQjdZP6TNcok9k1oaH7UXombPtvw=',
      'x-hubspot-request-timestamp': '1564113600000',
    },
  }),
  row('HubSpot v1', {
    verify: {
      type: 'hash',
      alg: 'sha256',
      keys: ['{{secrets.key}}'],
      parts: ['key', 'body'],
      encoding: 'hex',
      header: 'X-HubSpot-Signature',
    },
    key: 'yyyyyyyy-yyyy-yyyy-yyyy-yyyyyyyyyyyy',
    body: '[{"eventId":1,"subscriptionId":12345,"portalId":62515,"occurredAt":1564113600000,"subscriptionType":"contact.creation","attemptNumber":0,"objectId":123,"changeSource":"CRM","changeFlag":"NEW","appId":54321}]',
    headers: { 'x-hubspot-signature': '232db2615f3d666fe21a8ec971ac7b5402d33b9a925784df3ca654d05f4817de' },
  }),
  row('Intercom', {
    verify: {
      type: 'hmac',
      alg: 'sha1',
      keys: ['{{secrets.key}}'],
      encoding: 'hex',
      header: 'X-Hub-Signature',
      prefix: 'sha1=',
    },
    headers: { 'x-hub-signature': `sha1=${hmac('sha1', 'secret', BODY).digest('hex')}` },
  }),
  row('Close', {
    verify: {
      type: 'hmac',
      alg: 'sha256',
      keys: ['{{secrets.key}}'],
      keyEncoding: 'hex',
      parts: ['timestamp', 'body'],
      encoding: 'hex',
      header: 'close-sig-hash',
      timestamp: { header: 'close-sig-timestamp', unit: 's' },
    },
    key: HEX_KEY,
    headers: {
      'close-sig-hash': hmac('sha256', Buffer.from(HEX_KEY, 'hex'), `1788256800${BODY}`).digest('hex'),
      'close-sig-timestamp': '1788256800',
    },
  }),
  row('Zendesk', {
    verify: {
      type: 'hmac',
      alg: 'sha256',
      keys: ['{{secrets.key}}'],
      parts: ['timestamp', 'body'],
      encoding: 'base64',
      header: 'X-Zendesk-Webhook-Signature',
      timestamp: { header: 'X-Zendesk-Webhook-Signature-Timestamp', unit: 'iso' },
    },
    headers: {
      'x-zendesk-webhook-signature': hmac('sha256', 'secret', `2026-09-01T10:00:00Z${BODY}`).digest('base64'),
      'x-zendesk-webhook-signature-timestamp': '2026-09-01T10:00:00Z',
    },
  }),
  row('Attio', {
    verify: {
      type: 'hmac',
      alg: 'sha256',
      keys: ['{{secrets.key}}'],
      encoding: 'hex',
      header: 'Attio-Signature',
    },
    headers: { 'attio-signature': hmac('sha256', 'secret', BODY).digest('hex') },
  }),
  row('Standard Webhooks', {
    verify: {
      type: 'hmac',
      alg: 'sha256',
      keys: ['{{secrets.key}}'],
      keyEncoding: 'base64',
      keyPrefix: 'whsec_',
      parts: ['header:webhook-id', 'literal:.', 'timestamp', 'literal:.', 'body'],
      encoding: 'base64',
      header: 'webhook-signature',
      prefix: 'v1,',
      separator: ' ',
      timestamp: { header: 'webhook-timestamp', unit: 's' },
    },
    key: 'whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw',
    now: new Date(1_614_265_330_000),
    body: '{"test": 2432232314}',
    headers: {
      'webhook-id': 'msg_p5jXN8AQM9LWM0D4loKWxJek',
      'webhook-timestamp': '1614265330',
      'webhook-signature': 'v1a,other v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=',
    },
  }),
  row('EspoCRM', {
    verify: {
      type: 'hmac',
      alg: 'sha256',
      keys: ['{{secrets.key}}'],
      encoding: 'hex',
      header: 'Signature',
      wrapped: { after: ':' },
    },
    headers: {
      signature: Buffer.from(`65f0beef:${hmac('sha256', 'secret', BODY).digest('hex')}`).toString('base64'),
    },
  }),
  row('Twenty', {
    verify: {
      type: 'hmac',
      alg: 'sha256',
      keys: ['{{secrets.key}}'],
      parts: ['timestamp', 'literal::', 'body'],
      encoding: 'hex',
      header: 'X-Twenty-Webhook-Signature',
      timestamp: { header: 'X-Twenty-Webhook-Timestamp', unit: 'ms' },
    },
    headers: {
      'x-twenty-webhook-signature': hmac('sha256', 'secret', `1788256800000:${BODY}`).digest('hex'),
      'x-twenty-webhook-timestamp': '1788256800000',
    },
  }),
  row('Nango', {
    verify: {
      type: 'hmac',
      alg: 'sha256',
      keys: ['{{secrets.key}}'],
      encoding: 'hex',
      header: 'X-Nango-Hmac-Sha256',
    },
    headers: { 'x-nango-hmac-sha256': hmac('sha256', 'secret', BODY).digest('hex') },
  }),
  row('Pipedrive', {
    verify: { type: 'basic', username: 'rollcall', passwords: ['{{secrets.key}}'] },
    headers: { authorization: `Basic ${Buffer.from('rollcall:secret').toString('base64')}` },
  }),
  row('Odoo, Salesforce Outbound Messages: a secret in the URL', {
    verify: { type: 'path', keys: ['{{secrets.key}}'] },
    tail: 'secret/Contact.update',
  }),
];

describe('the webhook descriptor', () => {
  describe.each(MATRIX)('covers $name', ({ verification, delivery, key, now }) => {
    const verify = (change: Partial<WebhookDelivery> = {}, secret: unknown = key, at = now) =>
      verifyDelivery(verification, { ...delivery, ...change }, { secrets: { key: secret } }, at);

    it('accepts what the vendor sends, also with one of several keys', () => {
      expect(verify()).toMatchObject({ ok: true });
      expect(verify({}, ['another', key])).toMatchObject({ ok: true });
    });

    it('refuses another key, none, an empty one, and a delivery without proof', () => {
      expect(verify({}, HEX_KEY.replaceAll('a', 'c'))).toEqual({ ok: false, reason: 'bad_signature' });
      expect(verify({}, null)).toEqual({ ok: false, reason: 'no_secret' });
      expect(verify({}, ['', ''])).toEqual({ ok: false, reason: 'no_secret' });
      expect(verify({ headers: {}, tail: '' })).toEqual({ ok: false, reason: 'missing_signature' });
    });

    if (verification.type !== 'hmac' && verification.type !== 'hash') return;
    it('refuses a body that differs in any way', () => {
      fc.assert(
        fc.property(fc.uint8Array({ minLength: 1, maxLength: 20 }), fc.nat(), (bytes, place) => {
          const at = place % (delivery.rawBody.length + 1);
          const rawBody = Buffer.concat([
            delivery.rawBody.subarray(0, at),
            bytes,
            delivery.rawBody.subarray(at),
          ]);
          expect(verify({ rawBody })).toEqual({ ok: false, reason: 'bad_signature' });
        }),
      );
    });

    it('never throws, whatever the signature header holds', () => {
      fc.assert(
        fc.property(fc.string(), (text) => {
          const headers = { ...delivery.headers, [verification.header.toLowerCase()]: text };
          expect(verify({ headers }).ok).toBe(false);
        }),
      );
    });

    const { timestamp } = verification;
    if (!timestamp) return;
    it('refuses what is five minutes old, from five minutes ahead, or without a time', () => {
      for (const skew of [-301_000, 301_000])
        expect(verify({}, key, new Date(now.getTime() + skew))).toEqual({
          ok: false,
          reason: 'stale_timestamp',
        });
      for (const skew of [-299_000, 299_000])
        expect(verify({}, key, new Date(now.getTime() + skew))).toMatchObject({ ok: true });
      for (const text of ['', 'soon', undefined])
        expect(verify({ headers: { ...delivery.headers, [timestamp.header.toLowerCase()]: text } })).toEqual({
          ok: false,
          reason: 'stale_timestamp',
        });
    });
  });

  it('takes everything when the vendor proves nothing', () => {
    expect(verifyDelivery({ type: 'none' }, deliveryOf({}), {}, NOW)).toEqual({ ok: true, scheme: 'none' });
  });

  it('accepts what it signed itself, whatever is signed', () => {
    const part = fc.constantFrom('method', 'url', 'body', 'key', 'header:x-id', 'literal:.');
    const descriptor = fc.record({
      type: fc.constantFrom('hmac', 'hash'),
      alg: fc.constantFrom('sha1', 'sha256', 'sha512'),
      parts: fc.array(part, { maxLength: 5 }).map((parts) => [...parts, 'body', 'key']),
      encoding: fc.constantFrom('hex', 'base64'),
      prefix: fc.constantFrom('', 'v1=', 'sha1='),
    });
    fc.assert(
      fc.property(descriptor, fc.string({ minLength: 1 }), fc.string(), (given, key, body) => {
        const verification = verificationSchema.parse({
          ...given,
          header: 'X-Sig',
          keys: ['{{secrets.key}}'],
        }) as SignedVerification;
        const unsigned = deliveryOf({ body, headers: { 'x-id': '7' } });
        const signed = {
          ...unsigned,
          headers: {
            ...unsigned.headers,
            'x-sig': `${given.prefix}${signatureOf(verification, key, unsigned)}`,
          },
        };
        const check = (secret: string) =>
          verifyDelivery(verification, signed, { secrets: { key: secret } }, NOW).ok;
        expect(check(key)).toBe(true);
        expect(check(`${key}!`)).toBe(false);
      }),
    );
  });
});

interface Row {
  readonly name: string;
  readonly verification: Verification;
  readonly delivery: WebhookDelivery;
  readonly key: string;
  readonly now: Date;
}

interface Sent {
  readonly url?: string;
  readonly tail?: string;
  readonly body?: string;
  readonly headers?: Record<string, string>;
}

function row(
  name: string,
  { verify, key = 'secret', now = NOW, ...sent }: Sent & { verify: unknown; key?: string; now?: Date },
): Row {
  return { name, verification: verificationSchema.parse(verify), delivery: deliveryOf(sent), key, now };
}

function deliveryOf({
  url = 'https://rollcall.example/hook',
  tail = '',
  body = BODY,
  headers = {},
}: Sent): WebhookDelivery {
  return { method: 'POST', url, tail, headers, rawBody: Buffer.from(body) };
}

function hmac(alg: string, key: string | Buffer, message: string) {
  return createHmac(alg, key).update(message);
}
