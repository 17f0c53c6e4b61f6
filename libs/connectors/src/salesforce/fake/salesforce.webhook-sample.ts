import { changeOf, SAMPLE_SECRET, type WebhookSample } from '../../testing/webhook-sample.js';

export const webhookSample: WebhookSample = {
  kind: 'salesforce',
  settings: {},
  secrets: { clientId: 'id', clientSecret: 'secret', webhookSecret: SAMPLE_SECRET },
  account: '00D5g0000000001EAA',
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
  prove: () => ({ tail: SAMPLE_SECRET }),
};
