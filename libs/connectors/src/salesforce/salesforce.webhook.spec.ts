import { describe, expect, it } from '@jest/globals';
import type { ParsedDelivery, WebhookDelivery } from '../port/webhook.js';
import { salesforceConfigSchema } from './salesforce.settings.js';
import { salesforceWebhook } from './salesforce.webhook.js';

const ORG = '00D5g0000000001EAA';
const ADA = '0035g00000ABCdEAAX';

describe('the secret in the path', () => {
  const config = salesforceConfigSchema.parse({});
  const verdict = (tail: string, secrets: object) =>
    salesforceWebhook.verify(delivery('', tail), { config, secrets }, new Date(0));
  const secrets = { webhookSecret: 'the-new-secret-0001', previousWebhookSecrets: ['the-old-secret-0001'] };

  it.each(['the-new-secret-0001', 'the-old-secret-0001'])('accepts %s', (tail) =>
    expect(verdict(tail, secrets)).toEqual({ ok: true, scheme: 'secret-path' }),
  );

  it.each(['the-new-secret-0002', 'the-new-secret-0001/x', 'the', 'THE-NEW-SECRET-0001'])(
    'refuses %s',
    (tail) => expect(verdict(tail, secrets)).toEqual({ ok: false, reason: 'bad_signature' }),
  );

  it('refuses no secret, and everything while there is none', () => {
    expect(verdict('', secrets)).toEqual({ ok: false, reason: 'missing_signature' });
    expect(verdict('', {})).toEqual({ ok: false, reason: 'no_secret' });
  });
});

describe('Outbound Messages', () => {
  it('become one signal for each notification, known by the notification’s id', () => {
    const xml = message(
      notification('04l5g000000001', 'Contact', ADA),
      notification('04l5g000000002', 'Lead', '00Q5g00000ABCdE'),
    );
    expect(parsed(xml)).toEqual({
      rejected: [],
      signals: [
        {
          stream: 'contacts',
          id: ADA,
          kind: 'upsert',
          occurredAt: null,
          dedupKey: 'om:04l5g000000001xAAA',
          account: ORG,
        },
        {
          stream: 'leads',
          id: '00Q5g00000ABCdEEAX',
          kind: 'upsert',
          occurredAt: null,
          dedupKey: 'om:04l5g000000002xAAA',
          account: ORG,
        },
      ],
    });
  });

  it('read the time of the change where the message has it', () => {
    const stamp = '<sf:SystemModstamp>2026-09-01T10:00:00.000Z</sf:SystemModstamp>';
    const { signals } = parsed(message(notification('04l5g000000001', 'Contact', ADA, stamp)));
    expect(signals[0]?.occurredAt).toBe('2026-09-01T10:00:00.000Z');
  });

  it('may have a hundred notifications', () => {
    const many = Array.from({ length: 100 }, (_, n) =>
      notification(`04l5g0000${String(n).padStart(5, '0')}`, 'Contact', ADA),
    );
    const { signals } = parsed(message(...many));
    expect(new Set(signals.map(({ dedupKey }) => dedupKey)).size).toBe(100);
  });

  it.each(['Case', 'constructor', '__proto__'])('say nothing about %s, which is no stream', (type) =>
    expect(parsed(message(notification('04l5g000000001', type, '5005g00000ABCdE')))).toEqual({
      signals: [],
      rejected: [],
    }),
  );

  it('lose one notification that cannot be read, and no other', () => {
    const { signals, rejected } = parsed(
      message(
        notification('04l5g000000001', 'Contact', 'no-id'),
        notification('04l5g000000002', 'Contact', ADA),
      ),
    );
    expect(signals.map(({ id }) => id)).toEqual([ADA]);
    expect(rejected).toEqual([{ index: 0, reason: 'sObject.Id: is not a Salesforce id' }]);
  });

  it.each([
    ['declares a document type', `<!DOCTYPE x [<!ENTITY a "b">]>${message()}`],
    ['declares one behind spaces', `  <!doctype x>${message()}`],
    ['is cut off', message().slice(0, -20)],
    ['names no organisation', message().replace(ORG, '')],
    ['is another document', '<html><body>hello</body></html>'],
  ])('are refused when the body %s', (_what, xml) =>
    expect(() => parsed(xml)).toThrow(expect.objectContaining({ code: 'INVALID_DELIVERY' })),
  );

  it('do not quote what they could not read', () => {
    const xml = `${message().slice(0, -20)}<sf:Email>ada@x.example`;
    expect(() => parsed(xml)).toThrow(
      expect.not.objectContaining({ message: expect.stringContaining('ada@') }),
    );
  });

  it('are answered with the acknowledgement that ends their repetition', () =>
    expect(salesforceWebhook.acknowledgement).toMatchObject({
      contentType: expect.stringContaining('text/xml'),
      body: expect.stringContaining('<Ack>true</Ack>'),
    }));
});

describe('change events', () => {
  it.each([
    ['CREATE', 'upsert'],
    ['UPDATE', 'upsert'],
    ['DELETE', 'delete'],
    ['UNDELETE', 'restore'],
    ['GAP_CREATE', 'upsert'],
    ['GAP_UPDATE', 'upsert'],
    ['GAP_DELETE', 'delete'],
    ['GAP_UNDELETE', 'restore'],
  ])('of type %s say %s', (changeType, kind) => {
    const { signals } = parsed(event({ changeType }));
    expect(signals).toEqual([
      {
        stream: 'contacts',
        id: ADA,
        kind,
        occurredAt: '2026-09-01T10:00:00.000Z',
        account: null,
        origin: 'com/salesforce/api/rest/62.0',
        dedupKey: `cdc:0001-key:1:${ADA}`,
      },
    ]);
  });

  it('name several records, each with a key of its own', () => {
    const { signals } = parsed(event({ recordIds: [ADA, '0035g00000ABCde'] }));
    expect(signals.map(({ id }) => id)).toEqual([ADA, '0035g00000ABCdeAAH']);
    expect(new Set(signals.map(({ dedupKey }) => dedupKey)).size).toBe(2);
  });

  it.each([
    ['a wildcard', { recordIds: ['003*'] }, 0],
    ['a wildcard beside an id', { recordIds: [ADA, '003*'] }, 1],
    ['an overflow', { changeType: 'GAP_OVERFLOW', recordIds: ['000000000000000AAA'] }, 0],
    ['no id', { recordIds: [] }, 0],
  ])('with %s say that a run finds the rest', (_what, change, named) => {
    const { signals, rejected } = parsed(event(change));
    expect(signals).toHaveLength(named);
    expect(rejected).toEqual([
      { index: 0, reason: expect.stringContaining('next incremental run or sweep') },
    ]);
  });

  it.each([
    ['bare', (one: object) => one],
    [
      'of CometD',
      (one: object) => ({ channel: '/data/ContactChangeEvent', data: { schema: 's', payload: one } }),
    ],
    ['of Pub/Sub', (one: object) => ({ replayId: 1, payload: one })],
    [
      'of an event relay',
      (one: object) => ({ source: `aws.partner/salesforce.com/${ORG}/0YL`, detail: { payload: one } }),
    ],
  ])('are read %s', (name, wrapped) => {
    const { signals } = parsed(JSON.stringify([wrapped(JSON.parse(event({})))]));
    expect(signals).toHaveLength(1);
    expect(signals[0]?.account).toBe(name === 'of an event relay' ? ORG : null);
  });

  it('name the organisation in either form of its id', () => {
    const body = JSON.stringify({ organizationId: ORG.slice(0, 15), ...JSON.parse(event({})) });
    expect(parsed(body).signals[0]?.account).toBe(ORG);
  });

  it('of other objects say nothing, and unreadable ones take no other with them', () => {
    for (const entityName of ['Case', 'constructor', '__proto__'])
      expect(parsed(event({ entityName }))).toEqual({ signals: [], rejected: [] });
    const events = [event({ transactionKey: 7 }), event({})].map((text) => JSON.parse(text));
    const { signals, rejected } = parsed(JSON.stringify(events));
    expect(signals).toHaveLength(1);
    expect(rejected).toEqual([{ index: 0, reason: expect.stringContaining('transactionKey') }]);
  });
});

function parsed(body: string): ParsedDelivery {
  return salesforceWebhook.parse(delivery(body));
}

function delivery(body: string, tail = ''): WebhookDelivery {
  const url = 'https://rollcall.example/v1/webhooks/salesforce/7';
  return { method: 'POST', url, tail, headers: {}, rawBody: Buffer.from(body) };
}

function notification(id: string, type: string, recordId: string, more = ''): string {
  return `<Notification><Id>${id}xAAA</Id><sObject xsi:type="sf:${type}" xmlns:sf="urn:sobject.enterprise.soap.sforce.com"><sf:Id>${recordId}</sf:Id><sf:LastName>A &amp; B</sf:LastName>${more}</sObject></Notification>`;
}

function message(...notifications: string[]): string {
  return `<?xml version="1.0" encoding="UTF-8"?><soapenv:Envelope xmlns:soapenv="http://schemas.xmlsoap.org/soap/envelope/" xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance"><soapenv:Body><notifications xmlns="http://soap.sforce.com/2005/09/outbound"><OrganizationId>${ORG}</OrganizationId><SessionId xsi:nil="true"/>${notifications.join('')}</notifications></soapenv:Body></soapenv:Envelope>`;
}

function event(change: object): string {
  return JSON.stringify({
    ChangeEventHeader: {
      entityName: 'Contact',
      recordIds: [ADA],
      changeType: 'UPDATE',
      changeOrigin: 'com/salesforce/api/rest/62.0',
      transactionKey: '0001-key',
      sequenceNumber: 1,
      commitTimestamp: Date.parse('2026-09-01T10:00:00.000Z'),
      ...change,
    },
    Title: 'Captain',
  });
}
