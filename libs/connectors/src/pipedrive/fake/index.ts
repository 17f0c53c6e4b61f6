export type { FakeItem, ItemFields, ItemTable } from './item-table.js';
export { journey } from './pipedrive.journey.js';
export { pipedriveStarter as starter } from './pipedrive.starter.js';
export { webhookSample } from './pipedrive.webhook-sample.js';
export type { PipedriveCompany, PipedriveCompanyOptions } from './pipedrive-company.js';
export { type PipedriveFake, type PipedriveFakeOptions, startPipedriveFake } from './pipedrive-fake.js';
export type { PipedriveLimits } from './rate-limits.js';
export type { PipedriveAttempt, PipedriveSubscription } from './webhook-outbox.js';
