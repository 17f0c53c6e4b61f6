import { espoStarter } from '../declarative/fake/espocrm.starter.js';
import { intercomStarter } from '../declarative/fake/intercom.starter.js';
import { hubSpotStarter } from '../hubspot/fake/hubspot.starter.js';
import { odooStarter } from '../odoo/fake/odoo.starter.js';
import { pipedriveStarter } from '../pipedrive/fake/pipedrive.starter.js';
import { salesforceStarter } from '../salesforce/fake/salesforce.starter.js';
import type { FakeStarter } from './fake-starter.js';

/** Every fake that `npm run fake -- <name>` starts. */
export const fakes: readonly FakeStarter[] = [
  hubSpotStarter,
  espoStarter,
  odooStarter,
  pipedriveStarter,
  intercomStarter,
  salesforceStarter,
];
