import { setTimeout as sleep } from 'node:timers/promises';
import type { ApiClient } from '../api-client.js';
import { progressLine } from './progress-line.js';
import { FollowedRun, type StartedRun } from './run.wire.js';

const LOOK_EVERY_MS = 500;

export const isUnderWay = ({ status }: StartedRun): boolean => status === 'waiting' || status === 'running';

/** Shows how far a run is until it is over. */
export async function follow(api: ApiClient, runId: string): Promise<FollowedRun> {
  const line = progressLine();
  for (;;) {
    const run = await api.call('GET', `/v1/runs/${runId}`, FollowedRun);
    if (!isUnderWay(run)) {
      line.end();
      return run;
    }
    line.show(run);
    await sleep(LOOK_EVERY_MS);
  }
}
