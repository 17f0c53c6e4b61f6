import { fakeClock } from '../../testing/fake-clock.js';
import { startFakeServer } from '../../testing/fake-server.js';
import { odooAdmin } from './odoo-admin.js';
import { odooApi } from './odoo-api.js';
import { OdooDatabase, type OdooDatabaseOptions } from './odoo-database.js';

export interface OdooFakeOptions extends OdooDatabaseOptions {
  readonly port?: number;
  readonly adminPort?: number;
  /** The clock stands still here until it is advanced; without it the clock is the real one. */
  readonly startAt?: Date;
  readonly seed?: { readonly people?: number; readonly companies?: number };
}

export interface OdooFake {
  readonly url: string;
  readonly adminUrl: string;
  readonly token: string;
  /** Everything the admin port can do, without the detour. */
  readonly database: OdooDatabase;
  close(): Promise<void>;
}

/** An Odoo on a real port of this machine, and a second port to play its people and its bad days. */
export async function startOdooFake(options: OdooFakeOptions = {}): Promise<OdooFake> {
  const database = new OdooDatabase(fakeClock(options.startAt), options);
  if (options.seed) database.seed(options.seed);
  const api = await startFakeServer(odooApi(database), options.port);
  const admin = await startFakeServer(odooAdmin(database), options.adminPort);
  return {
    url: api.url,
    adminUrl: admin.url,
    token: database.apiKey,
    database,
    close: async () => {
      await database.webhooks.close();
      await Promise.all([api.close(), admin.close()]);
    },
  };
}
