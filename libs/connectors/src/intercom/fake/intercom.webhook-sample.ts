import { changeOf, SAMPLE_SECRET, sampleHmac, type WebhookSample } from '../../testing/webhook-sample.js';

export const webhookSample: WebhookSample = {
  kind: 'intercom',
  settings: {},
  secrets: { accessToken: 'token', clientSecret: SAMPLE_SECRET },
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
  prove: (body) => ({ headers: { 'x-hub-signature': `sha1=${sampleHmac('sha1', body)}` } }),
};
