import type { FollowedRun } from './run.wire.js';

/** What a run came to, and of a dry run some of what would change. */
export function printRun(run: FollowedRun): void {
  process.stdout.write(line(run));
  for (const sample of run.samples ?? []) {
    if (sample.action === 'unchanged') continue;
    process.stdout.write(
      `  ${sample.action} ${sample.external_id}${sample.reason ? `: ${sample.reason}` : ''}\n`,
    );
    for (const [field, { from, to }] of Object.entries(sample.diff ?? {}))
      process.stdout.write(`    ${field}: ${JSON.stringify(from ?? null)} → ${JSON.stringify(to ?? null)}\n`);
  }
}

function line({ id, stream, mode, status, counts, error }: FollowedRun): string {
  const done = Object.entries(counts).map(([action, count]) => `${action} ${count}`);
  const text = [`${stream}: ${mode} run ${id} ${status}`, ...done].join(', ');
  return error ? `${text}\n  ${error}\n` : `${text}\n`;
}
