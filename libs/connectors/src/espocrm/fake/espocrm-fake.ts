import { fakeAdmin } from '../../testing/fake-admin.js';
import { fakeClock } from '../../testing/fake-clock.js';
import { startFakeServer } from '../../testing/fake-server.js';
import { espoApi } from './espocrm-api.js';
import { EspoSite, type EspoSiteOptions } from './espocrm-site.js';

export interface EspoFakeOptions extends EspoSiteOptions {
  readonly port?: number;
  readonly adminPort?: number;
  /** The clock stands still here until it is advanced; without it the clock is the real one. */
  readonly startAt?: Date;
  readonly seed?: { readonly contacts?: number; readonly accounts?: number };
}

export interface EspoFake {
  readonly url: string;
  readonly adminUrl: string;
  readonly apiKey: string;
  readonly site: EspoSite;
  close(): Promise<void>;
}

/** An EspoCRM installation on a real port of this machine, and a second port to play its people and its bad days. */
export async function startEspoFake(options: EspoFakeOptions = {}): Promise<EspoFake> {
  const site = new EspoSite(fakeClock(options.startAt), options);
  if (options.seed) site.seed(options.seed);
  const api = await startFakeServer(espoApi(site), options.port);
  const admin = await startFakeServer(fakeAdmin(site), options.adminPort);
  return {
    url: api.url,
    adminUrl: admin.url,
    apiKey: site.apiKey,
    site,
    close: async () => {
      await site.outbox.close();
      await Promise.all([api.close(), admin.close()]);
    },
  };
}
