import { describe, expect, it } from '@jest/globals';
import { hubSpotWebhook } from '../hubspot/hubspot.webhook.js';
import { odooWebhook } from '../odoo/odoo.webhook.js';
import { pipedriveWebhook } from '../pipedrive/pipedrive.webhook.js';
import { InvalidDelivery } from '../port/connector.errors.js';
import { salesforceWebhook } from '../salesforce/salesforce.webhook.js';
import { refusalJson } from './outside-json.js';

const webhooks = { hubSpotWebhook, odooWebhook, pipedriveWebhook, salesforceWebhook };
const parse = (name: keyof typeof webhooks, body: string) =>
  webhooks[name].parse({ method: 'POST', url: '', tail: '', headers: {}, rawBody: Buffer.from(body) });

describe.each(Object.keys(webhooks) as (keyof typeof webhooks)[])('the body of a webhook, %s', (name) => {
  it.each([
    ['['.repeat(1_000_000), /nests deeper than 64 levels/],
    [`[${'{},'.repeat(300_000)}{}]`, /holds more than 16000 values and keys/],
    ['secret', /JSON/],
  ])('is refused before it is parsed: %.9s', (body, reason) => {
    expect(() => parse(name, body)).toThrow(InvalidDelivery);
    expect(() => parse(name, body)).toThrow(reason);
    expect(() => parse(name, body)).not.toThrow(/secret/);
  });
});

it('is not explained event by event when it is nothing of the vendor’s', () => {
  expect(parse('hubSpotWebhook', `[${'{},'.repeat(199)}{}]`).rejected).toHaveLength(200);
  expect(() => parse('hubSpotWebhook', `[${'{},'.repeat(200)}{}]`)).toThrow(/More than 200 events/);
});

it('takes a refusal of a vendor for what it is, or for nothing', () => {
  expect(refusalJson(Buffer.from('{"a":1}'))).toEqual({ a: 1 });
  expect(refusalJson(Buffer.from('<html>'))).toBeNull();
  expect(refusalJson(Buffer.from('['.repeat(1_000_000)))).toBeNull();
});
