import { fakeClock } from '../../testing/fake-clock.js';
import { startFakeServer } from '../../testing/fake-server.js';
import { HubSpotAccount, type HubSpotAccountOptions } from './hubspot-account.js';
import { hubSpotAdmin } from './hubspot-admin.js';
import { hubSpotApi } from './hubspot-api.js';
import type { WebhookTarget } from './webhook-outbox.js';

export interface HubSpotFakeOptions extends HubSpotAccountOptions {
  readonly port?: number;
  readonly adminPort?: number;
  /** The clock stands still here until it is advanced; without it the clock is the real one. */
  readonly startAt?: Date;
  readonly seed?: { readonly contacts?: number; readonly companies?: number };
  readonly webhook?: WebhookTarget;
}

export interface HubSpotFake {
  readonly url: string;
  readonly adminUrl: string;
  readonly portalId: number;
  readonly token: string;
  readonly clientSecret: string;
  /** Everything the admin port can do, without the detour. */
  readonly account: HubSpotAccount;
  close(): Promise<void>;
}

/** A HubSpot account on a real port of this machine, and a second port to play its people and its bad days. */
export async function startHubSpotFake(options: HubSpotFakeOptions = {}): Promise<HubSpotFake> {
  const account = new HubSpotAccount(fakeClock(options.startAt), options);
  if (options.seed) account.seed(options.seed);
  if (options.webhook) account.webhooks.send(options.webhook);
  const api = await startFakeServer(hubSpotApi(account), options.port, { maxHeaderSize: 256 * 1024 });
  const admin = await startFakeServer(hubSpotAdmin(account), options.adminPort);
  return {
    url: api.url,
    adminUrl: admin.url,
    portalId: account.portalId,
    token: account.tokens.serviceKey,
    clientSecret: account.tokens.clientSecret,
    account,
    close: async () => {
      await account.webhooks.close();
      await Promise.all([api.close(), admin.close()]);
    },
  };
}
