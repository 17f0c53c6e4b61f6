import { SAMPLE_BASE, SAMPLE_SECRET, sampleHmac, type WebhookSample } from '../../testing/webhook-sample.js';

export const webhookSample: WebhookSample = {
  kind: 'espocrm',
  settings: SAMPLE_BASE,
  secrets: { apiKey: 'key', webhookSecrets: [SAMPLE_SECRET] },
  account: 'crm.example.com',
  many: true,
  event: (id) => ({ id: `c${id}` }),
  withText: (_event, text) => ({ id: text }),
  prove: (body) => ({
    tail: 'Contact.update',
    headers: {
      signature: Buffer.from(`hook:${sampleHmac('sha256', body)}`).toString('base64'),
    },
  }),
};
