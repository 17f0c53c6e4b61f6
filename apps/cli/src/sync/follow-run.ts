import { setTimeout as sleep } from 'node:timers/promises';
import type { ApiClient } from '../api-client.js';
import { progressLine } from './progress-line.js';
import { FollowedRun } from './run.wire.js';

const LOOK_EVERY_MS = 500;

/** Shows how far a run is until it is over. */
export async function follow(api: ApiClient, runId: string): Promise<FollowedRun> {
  const line = progressLine();
  for (;;) {
    const run = await api.call('GET', `/v1/runs/${runId}`, FollowedRun);
    if (run.status !== 'waiting' && run.status !== 'running') {
      line.end();
      return run;
    }
    line.show(run);
    await sleep(LOOK_EVERY_MS);
  }
}
