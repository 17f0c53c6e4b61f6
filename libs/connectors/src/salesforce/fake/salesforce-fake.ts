import { fakeClock } from '../../testing/fake-clock.js';
import { startFakeServer } from '../../testing/fake-server.js';
import type { MessageTarget } from './message-outbox.js';
import { salesforceAdmin } from './salesforce-admin.js';
import { salesforceApi } from './salesforce-api.js';
import { SalesforceOrg, type SalesforceOrgOptions } from './salesforce-org.js';

export interface SalesforceFakeOptions extends SalesforceOrgOptions {
  readonly port?: number;
  readonly adminPort?: number;
  /** The clock stands still here until it is advanced; without it the clock is the real one. */
  readonly startAt?: Date;
  readonly seed?: { readonly contacts?: number; readonly accounts?: number; readonly leads?: number };
  readonly webhook?: MessageTarget;
}

export interface SalesforceFake {
  /** Login and instance in one. */
  readonly url: string;
  readonly adminUrl: string;
  readonly organizationId: string;
  readonly token: string;
  /** Everything the admin port can do, without the detour. */
  readonly org: SalesforceOrg;
  close(): Promise<void>;
}

/** A Salesforce org on a real port of this machine, and a second port to play its people and its bad days. */
export async function startSalesforceFake(options: SalesforceFakeOptions = {}): Promise<SalesforceFake> {
  const org = new SalesforceOrg(fakeClock(options.startAt), options);
  if (options.seed) org.seed(options.seed);
  if (options.webhook) org.messages.send(options.webhook);
  const api = await startFakeServer(salesforceApi(org), options.port);
  const admin = await startFakeServer(salesforceAdmin(org), options.adminPort);
  org.url = api.url;
  return {
    url: api.url,
    adminUrl: admin.url,
    organizationId: org.id,
    token: org.logins.firstToken,
    org,
    close: async () => {
      await org.messages.close();
      await Promise.all([api.close(), admin.close()]);
    },
  };
}
