import { createHash } from 'node:crypto';
import { SAMPLE_SECRET, type WebhookSample } from '../../testing/webhook-sample.js';

export const webhookSample: WebhookSample = {
  kind: 'hubspot',
  settings: {},
  secrets: { accessToken: 'token', clientSecret: SAMPLE_SECRET },
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
    headers: { 'x-hubspot-signature': createHash('sha256').update(SAMPLE_SECRET).update(body).digest('hex') },
  }),
};
