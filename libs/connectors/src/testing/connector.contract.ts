import { afterEach, beforeEach } from '@jest/globals';
import type { Connector } from '../connector.js';
import { accountContract } from './contract/account.contract.js';
import { backfillContract } from './contract/backfill.contract.js';
import { type ContractWorld, contractSubject } from './contract/contract-world.js';
import { incrementalContract } from './contract/incremental.contract.js';
import { refusalsContract } from './contract/refusals.contract.js';
import { singleRecordsContract } from './contract/single-records.contract.js';
import { webhookContract } from './contract/webhook.contract.js';

/** What every connector owes the sync engine, held against the vendor's fake. */
export function describeConnector(connector: Connector, startWorld: () => Promise<ContractWorld>): void {
  let world: ContractWorld;
  beforeEach(async () => {
    world = await startWorld();
  });
  afterEach(() => world.close());

  const subject = contractSubject(connector, () => world);
  accountContract(subject);
  backfillContract(subject);
  incrementalContract(subject);
  singleRecordsContract(subject);
  refusalsContract(subject);
  if (connector.manifest.capabilities.webhook === 'signed') webhookContract(subject);
}
