/** What fakes are made of; each vendor's own is `#connectors/<kind>/fake`, the contract `#connectors/testing/contract`. */
export * from './believable.js';
export { type AdminSubject, fakeAdmin } from './fake-admin.js';
export { type FakeClock, fakeClock } from './fake-clock.js';
export {
  type FakeHandler,
  type FakeReply,
  type FakeRequest,
  type FakeServer,
  startFakeServer,
} from './fake-server.js';
export type { FakeStart, FakeStarter, RunningFake } from './fake-starter.js';
export { type Fakes, loadFakes, loadWebhookSamples } from './fakes.js';
export { commitFault, type Fault, FaultQueue } from './faults.js';
export type { Journey, JourneyFake, Loss } from './journey.js';
export { type FakeRecord, type RecordFields, RecordTable } from './record-table.js';
export { pick, type Random, seededRandom, shuffled } from './seeded-random.js';
export { type PostAttempt, SignedOutbox, type SignedPost } from './signed-outbox.js';
export type { WebhookSample } from './webhook-sample.js';
