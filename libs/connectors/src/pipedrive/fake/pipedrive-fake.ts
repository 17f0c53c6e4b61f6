import { fakeClock } from '../../testing/fake-clock.js';
import { startFakeServer } from '../../testing/fake-server.js';
import { pipedriveAdmin } from './pipedrive-admin.js';
import { pipedriveApi } from './pipedrive-api.js';
import { PipedriveCompany, type PipedriveCompanyOptions } from './pipedrive-company.js';

export interface PipedriveFakeOptions extends PipedriveCompanyOptions {
  readonly port?: number;
  readonly adminPort?: number;
  /** The clock stands still here until it is advanced; without it the clock is the real one. */
  readonly startAt?: Date;
  readonly seed?: { readonly persons?: number; readonly organizations?: number };
}

export interface PipedriveFake {
  readonly url: string;
  readonly adminUrl: string;
  readonly companyId: number;
  readonly token: string;
  /** Everything the admin port can do, without the detour. */
  readonly company: PipedriveCompany;
  close(): Promise<void>;
}

/** A Pipedrive company on a real port of this machine, and a second port to play its people and its bad days. */
export async function startPipedriveFake(options: PipedriveFakeOptions = {}): Promise<PipedriveFake> {
  const company = new PipedriveCompany(fakeClock(options.startAt), options);
  if (options.seed) company.seed(options.seed);
  const api = await startFakeServer(pipedriveApi(company), options.port);
  const admin = await startFakeServer(pipedriveAdmin(company), options.adminPort);
  return {
    url: api.url,
    adminUrl: admin.url,
    companyId: company.companyId,
    token: company.tokens.apiToken,
    company,
    close: async () => {
      await company.webhooks.close();
      await Promise.all([api.close(), admin.close()]);
    },
  };
}
