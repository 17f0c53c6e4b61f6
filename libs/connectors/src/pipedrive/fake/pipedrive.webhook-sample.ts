import { changeOf, SAMPLE_BASE, SAMPLE_SECRET, type WebhookSample } from '../../testing/webhook-sample.js';

export const webhookSample: WebhookSample = {
  kind: 'pipedrive',
  settings: SAMPLE_BASE,
  secrets: { accessToken: 'token', webhookPassword: SAMPLE_SECRET },
  account: '7',
  many: false,
  event: (id) => ({
    meta: { action: 'change', entity: 'person', entity_id: id, company_id: 7, id: `event-${id}` },
  }),
  withText: (event, text) => changeOf(event, { id: text }, 'meta'),
  withTime: (event, time) => changeOf(event, { timestamp: time.toISOString() }, 'meta'),
  prove: () => ({
    headers: { authorization: `Basic ${Buffer.from(`rollcall:${SAMPLE_SECRET}`).toString('base64')}` },
  }),
};
