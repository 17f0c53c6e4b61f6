export { type EspoFake, type EspoFakeOptions, startEspoFake } from '../declarative/fake/espocrm-fake.js';
export type { EspoSite, EspoWebhook } from '../declarative/fake/espocrm-site.js';
export {
  type IntercomFake,
  type IntercomFakeOptions,
  startIntercomFake,
} from '../declarative/fake/intercom-fake.js';
export type { IntercomWorkspace } from '../declarative/fake/intercom-workspace.js';
export type { RecordFields, RecordTable } from '../declarative/fake/record-table.js';
export type { HubSpotAccount, HubSpotAccountOptions } from '../hubspot/fake/hubspot-account.js';
export { type HubSpotFake, type HubSpotFakeOptions, startHubSpotFake } from '../hubspot/fake/hubspot-fake.js';
export type { FakeObject, FakeProperties, ObjectTable, WriteOptions } from '../hubspot/fake/object-table.js';
export type { FakeLimits } from '../hubspot/fake/rate-limits.js';
export type { DeliveryAttempt, WebhookTarget } from '../hubspot/fake/webhook-outbox.js';
export type { OdooDatabase, OdooDatabaseOptions } from '../odoo/fake/odoo-database.js';
export { type OdooFake, type OdooFakeOptions, startOdooFake } from '../odoo/fake/odoo-fake.js';
export type { FakePartner, PartnerTable } from '../odoo/fake/partner-table.js';
export type { OdooAttempt, OdooAutomation } from '../odoo/fake/webhook-outbox.js';
export type { FakeItem, ItemFields, ItemTable } from '../pipedrive/fake/item-table.js';
export type { PipedriveCompany, PipedriveCompanyOptions } from '../pipedrive/fake/pipedrive-company.js';
export {
  type PipedriveFake,
  type PipedriveFakeOptions,
  startPipedriveFake,
} from '../pipedrive/fake/pipedrive-fake.js';
export type { PipedriveLimits } from '../pipedrive/fake/rate-limits.js';
export type { PipedriveAttempt, PipedriveSubscription } from '../pipedrive/fake/webhook-outbox.js';
export type { MessageAttempt, MessageTarget } from '../salesforce/fake/message-outbox.js';
export {
  type SalesforceFake,
  type SalesforceFakeOptions,
  startSalesforceFake,
} from '../salesforce/fake/salesforce-fake.js';
export type { SalesforceOrg, SalesforceOrgOptions } from '../salesforce/fake/salesforce-org.js';
export type { FakeRecord, SObjectTable } from '../salesforce/fake/sobject-table.js';
export { type FakeClock, fakeClock } from './fake-clock.js';
export { type FakeHandler, type FakeReply, type FakeServer, startFakeServer } from './fake-server.js';
export type { FakeStart, FakeStarter, RunningFake } from './fake-starter.js';
export { fakes } from './fakes.js';
export { type Fault, FaultQueue } from './faults.js';
export { pick, type Random, seededRandom, shuffled } from './seeded-random.js';
