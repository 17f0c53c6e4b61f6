import { afterEach, beforeEach } from '@jest/globals';
import type { Connector } from '../connector.js';
import { type ContractAbilities, DEFAULT_ABILITIES } from './contract/abilities.js';
import { accountContract } from './contract/account.contract.js';
import { backfillContract } from './contract/backfill.contract.js';
import { type ContractWorld, contractSubject } from './contract/contract-world.js';
import { incrementalContract } from './contract/incremental.contract.js';
import { poisonContract } from './contract/poison.contract.js';
import { refusalsContract } from './contract/refusals.contract.js';
import { singleRecordsContract } from './contract/single-records.contract.js';
import { tokensContract } from './contract/tokens.contract.js';
import { webhookContract } from './contract/webhook.contract.js';
import { webhookSecretContract } from './contract/webhook-secret.contract.js';

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
  if (connector.manifest.capabilities.webhook === 'none') return;
  webhookSecretContract(subject);
  webhookContract(subject);
}
