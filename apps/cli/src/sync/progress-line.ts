import type { StartedRun } from './run.wire.js';

const LINE_EVERY_MS = 5_000;

/** One line that changes on a terminal, else one now and then; on standard error, so that the result can be piped. */
export function progressLine(): { show(run: StartedRun): void; end(): void } {
  const live = process.stderr.isTTY;
  let saidAt = performance.now();
  return {
    show(run) {
      if (live) process.stderr.write(`\r\x1b[K${textOf(run)}`);
      else if (performance.now() - saidAt >= LINE_EVERY_MS) {
        saidAt = performance.now();
        process.stderr.write(`${textOf(run)}\n`);
      }
    },
    end() {
      if (live) process.stderr.write('\r\x1b[K');
    },
  };
}

function textOf({ stream, phase, progress, error }: StartedRun): string {
  const { rows, total, percent, seconds_left: left, rows_per_second: rate, api_calls: calls } = progress;
  const parts = [
    `${stream}: ${phase}`,
    total === null ? `${rows} rows` : `${rows} of about ${total} rows`,
    ...(percent === null ? [] : [`${percent} %`]),
    ...(rate === null ? [] : [`${Math.round(rate)} rows/s`]),
    `${calls} API calls`,
    ...(left === null ? [] : [`${left} s left`]),
    ...(error === null ? [] : [error]),
  ];
  return parts.join(', ');
}
