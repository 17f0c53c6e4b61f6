import { fakeAdmin } from '../../testing/fake-admin.js';
import { fakeClock } from '../../testing/fake-clock.js';
import { startFakeServer } from '../../testing/fake-server.js';
import { intercomApi } from './intercom-api.js';
import { IntercomWorkspace, type IntercomWorkspaceOptions } from './intercom-workspace.js';

export interface IntercomFakeOptions extends IntercomWorkspaceOptions {
  readonly port?: number;
  readonly adminPort?: number;
  /** The clock stands still here until it is advanced; without it the clock is the real one. */
  readonly startAt?: Date;
  readonly seed?: { readonly contacts?: number; readonly companies?: number };
}

export interface IntercomFake {
  readonly url: string;
  readonly adminUrl: string;
  readonly workspace: IntercomWorkspace;
  close(): Promise<void>;
}

/** An Intercom workspace on a real port of this machine, and a second port to play its people and its bad days. */
export async function startIntercomFake(options: IntercomFakeOptions = {}): Promise<IntercomFake> {
  const workspace = new IntercomWorkspace(fakeClock(options.startAt), options);
  if (options.seed) workspace.seed(options.seed);
  const api = await startFakeServer(intercomApi(workspace), options.port);
  const admin = await startFakeServer(fakeAdmin(workspace), options.adminPort);
  return {
    url: api.url,
    adminUrl: admin.url,
    workspace,
    close: async () => {
      await workspace.outbox.close();
      await Promise.all([api.close(), admin.close()]);
    },
  };
}
