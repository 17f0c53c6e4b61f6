import { createHash, createHmac } from 'node:crypto';

const SECRET = 'a-secret-for-webhooks-0001';
const ORG = '00D5g0000000001EAA';
const BASE = { baseUrl: 'https://crm.example.com' };

type Event = Record<string, unknown>;

/** A vendor whose webhooks tests send themselves. */
export interface WebhookVendor {
  readonly kind: string;
  readonly settings: Event;
  readonly secrets: Event;
  readonly account: string;
  /** Whether one delivery holds many events. */
  readonly many: boolean;
  readonly event: (id: number) => Event;
  /** With this text where the vendor's own texts go into what is stored. */
  readonly withText: (event: Event, text: string) => Event;
  readonly withTime?: (event: Event, time: Date) => Event;
  readonly prove: (rawBody: Buffer) => { tail?: string; headers?: Record<string, string> };
}

const hmac = (algorithm: string, body: Buffer) => createHmac(algorithm, SECRET).update(body).digest('hex');
const changeOf = (event: Event, change: Event, within: string) => ({
  ...event,
  [within]: { ...(event[within] as Event), ...change },
});

export const webhookVendors: readonly WebhookVendor[] = [
  {
    kind: 'hubspot',
    settings: {},
    secrets: { accessToken: 'token', clientSecret: SECRET },
    account: '7',
    many: true,
    event: (id) => ({
      portalId: 7,
      eventId: id,
      objectId: id,
      subscriptionType: 'contact.propertyChange',
      propertyName: 'email',
      occurredAt: 1_700_000_000_000,
    }),
    withText: (event, text) => ({ ...event, propertyName: text }),
    withTime: (event, time) => ({ ...event, occurredAt: time.getTime() }),
    prove: (body) => ({
      headers: { 'x-hubspot-signature': createHash('sha256').update(SECRET).update(body).digest('hex') },
    }),
  },
  {
    kind: 'salesforce',
    settings: {},
    secrets: { clientId: 'id', clientSecret: 'secret', webhookSecret: SECRET },
    account: ORG,
    many: true,
    event: (id) => ({
      ChangeEventHeader: {
        entityName: 'Contact',
        recordIds: ['0035g00000ABCdEAAX'],
        changeType: 'UPDATE',
        transactionKey: `key-${id}`,
        sequenceNumber: 1,
      },
    }),
    withText: (event, text) => changeOf(event, { transactionKey: text }, 'ChangeEventHeader'),
    withTime: (event, time) => changeOf(event, { commitTimestamp: time.getTime() }, 'ChangeEventHeader'),
    prove: () => ({ tail: SECRET }),
  },
  {
    kind: 'pipedrive',
    settings: BASE,
    secrets: { accessToken: 'token', webhookPassword: SECRET },
    account: '7',
    many: false,
    event: (id) => ({
      meta: { action: 'change', entity: 'person', entity_id: id, company_id: 7, id: `event-${id}` },
    }),
    withText: (event, text) => changeOf(event, { id: text }, 'meta'),
    withTime: (event, time) => changeOf(event, { timestamp: time.toISOString() }, 'meta'),
    prove: () => ({
      headers: { authorization: `Basic ${Buffer.from(`rollcall:${SECRET}`).toString('base64')}` },
    }),
  },
  {
    kind: 'odoo',
    settings: BASE,
    secrets: { accessToken: 'token', webhookSecret: SECRET },
    account: 'crm.example.com',
    many: false,
    event: (id) => ({ _model: 'res.partner', _id: id, _action: 'Send', write_date: '2026-09-01 10:00:00' }),
    withText: (event, text) => ({ ...event, _action: text }),
    prove: () => ({ tail: SECRET }),
  },
  {
    kind: 'intercom',
    settings: {},
    secrets: { accessToken: 'token', clientSecret: SECRET },
    account: 'app',
    many: false,
    event: (id) => ({
      topic: 'contact.user.updated',
      app_id: 'app',
      id: `event-${id}`,
      created_at: 1_700_000_000,
      data: { item: { id: `c${id}` } },
    }),
    withText: (event, text) => changeOf(event, { item: { id: text } }, 'data'),
    withTime: (event, time) => ({ ...event, created_at: time.getTime() / 1_000 }),
    prove: (body) => ({ headers: { 'x-hub-signature': `sha1=${hmac('sha1', body)}` } }),
  },
  {
    kind: 'espocrm',
    settings: BASE,
    secrets: { apiKey: 'key', webhookSecrets: [SECRET] },
    account: 'crm.example.com',
    many: true,
    event: (id) => ({ id: `c${id}` }),
    withText: (_event, text) => ({ id: text }),
    prove: (body) => ({
      tail: 'Contact.update',
      headers: {
        signature: Buffer.from(`hook:${createHmac('sha256', SECRET).update(body).digest('hex')}`).toString(
          'base64',
        ),
      },
    }),
  },
];
