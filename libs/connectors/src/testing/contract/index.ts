import { afterEach, beforeEach } from '@jest/globals';
import type { Connector } from '../../port/connector.js';
import { type ContractAbilities, DEFAULT_ABILITIES } from './abilities.js';
import { accountContract } from './account.contract.js';
import { backfillContract } from './backfill.contract.js';
import { type ContractWorld, contractSubject } from './contract-world.js';
import { incrementalContract } from './incremental.contract.js';
import { poisonContract } from './poison.contract.js';
import { refusalsContract } from './refusals.contract.js';
import { singleRecordsContract } from './single-records.contract.js';
import { tokensContract } from './tokens.contract.js';
import { webhookContract } from './webhook.contract.js';
import { webhookSecretContract } from './webhook-secret.contract.js';

export type { ContractAbilities } from './abilities.js';
export type { ContextChange, ContractWorld, Poison } from './contract-world.js';

/**
 * What every connector owes the sync engine, held against the vendor's fake. Where each pitfall is held:
 *
 * - late commit behind the cursor, many records of one timestamp, clock skew, day-granular filters: incremental
 * - a record changes during the backfill: backfill
 * - signatures (bytes, length, URL, time, rotation, no secret): webhook-secret
 * - duplicates, kinds, accounts, deletion and then a late upsert: webhook
 * - merges: single-records (pointer, gone) and webhook (event)
 * - partial pages (cut, truncated, HTML with 200), endless body, redirect, 400 for an unknown property: refusals
 * - 429 in every form, daily quota (also as a 403): refusals
 * - a token that expires in the middle, rotates, or is refused for ever: tokens
 * - poison records (no id, wrong type, NUL, a megabyte, not UTF-8), a removed field: poison
 * - an empty listing with 200: single-records; the sweep's own guard is the engine's
 *
 * `abilities` says what this vendor has another way, or not at all; each such test shows as skipped.
 */
export function describeConnector(
  connector: Connector,
  startWorld: () => Promise<ContractWorld>,
  abilities: Partial<ContractAbilities> = {},
): void {
  let world: ContractWorld;
  beforeEach(async () => {
    world = await startWorld();
  });
  afterEach(() => world.close());

  const subject = contractSubject(connector, () => world, { ...DEFAULT_ABILITIES, ...abilities });
  accountContract(subject);
  backfillContract(subject);
  incrementalContract(subject);
  singleRecordsContract(subject);
  refusalsContract(subject);
  tokensContract(subject);
  poisonContract(subject);
  if (connector.descriptor.capabilities.webhook === 'none') return;
  webhookSecretContract(subject);
  webhookContract(subject);
}
