export { journey } from './hubspot.journey.js';
export { hubSpotStarter as starter } from './hubspot.starter.js';
export { webhookSample } from './hubspot.webhook-sample.js';
export type { HubSpotAccount, HubSpotAccountOptions } from './hubspot-account.js';
export { type HubSpotFake, type HubSpotFakeOptions, startHubSpotFake } from './hubspot-fake.js';
export type { FakeObject, FakeProperties, ObjectTable, WriteOptions } from './object-table.js';
export type { FakeLimits } from './rate-limits.js';
export type { DeliveryAttempt, WebhookTarget } from './webhook-outbox.js';
