import { SAMPLE_BASE, SAMPLE_SECRET, type WebhookSample } from '../../testing/webhook-sample.js';

export const webhookSample: WebhookSample = {
  kind: 'odoo',
  settings: SAMPLE_BASE,
  secrets: { accessToken: 'token', webhookSecret: SAMPLE_SECRET },
  account: 'crm.example.com',
  many: false,
  event: (id) => ({ _model: 'res.partner', _id: id, _action: 'Send', write_date: '2026-09-01 10:00:00' }),
  withText: (event, text) => ({ ...event, _action: text }),
  prove: () => ({ tail: SAMPLE_SECRET }),
};
