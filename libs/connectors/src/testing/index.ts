export type { HubSpotAccount, HubSpotAccountOptions } from '../hubspot/fake/hubspot-account.js';
export { type HubSpotFake, type HubSpotFakeOptions, startHubSpotFake } from '../hubspot/fake/hubspot-fake.js';
export type { FakeObject, FakeProperties, ObjectTable, WriteOptions } from '../hubspot/fake/object-table.js';
export type { FakeLimits } from '../hubspot/fake/rate-limits.js';
export type { DeliveryAttempt, WebhookTarget } from '../hubspot/fake/webhook-outbox.js';
export { type FakeClock, fakeClock } from './fake-clock.js';
export { type FakeHandler, type FakeReply, type FakeServer, startFakeServer } from './fake-server.js';
export { type Fault, FaultQueue } from './faults.js';
export { pick, type Random, seededRandom, shuffled } from './seeded-random.js';
