export type { MessageAttempt, MessageTarget } from './message-outbox.js';
export { journey } from './salesforce.journey.js';
export { salesforceStarter as starter } from './salesforce.starter.js';
export { webhookSample } from './salesforce.webhook-sample.js';
export { type SalesforceFake, type SalesforceFakeOptions, startSalesforceFake } from './salesforce-fake.js';
export type { SalesforceOrg, SalesforceOrgOptions } from './salesforce-org.js';
export type { FakeRecord, SObjectTable } from './sobject-table.js';
