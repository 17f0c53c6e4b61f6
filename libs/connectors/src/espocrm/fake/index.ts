export { journey } from './espocrm.journey.js';
export { espoStarter as starter } from './espocrm.starter.js';
export { webhookSample } from './espocrm.webhook-sample.js';
export { type EspoFake, type EspoFakeOptions, startEspoFake } from './espocrm-fake.js';
export type { EspoSite, EspoWebhook } from './espocrm-site.js';
