export { journey } from './odoo.journey.js';
export { odooStarter as starter } from './odoo.starter.js';
export { webhookSample } from './odoo.webhook-sample.js';
export type { OdooDatabase, OdooDatabaseOptions } from './odoo-database.js';
export { type OdooFake, type OdooFakeOptions, startOdooFake } from './odoo-fake.js';
export type { FakePartner, PartnerTable } from './partner-table.js';
export type { OdooAttempt, OdooAutomation } from './webhook-outbox.js';
