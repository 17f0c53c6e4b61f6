export { journey } from './intercom.journey.js';
export { intercomStarter as starter } from './intercom.starter.js';
export { webhookSample } from './intercom.webhook-sample.js';
export { type IntercomFake, type IntercomFakeOptions, startIntercomFake } from './intercom-fake.js';
export type { IntercomWorkspace } from './intercom-workspace.js';
