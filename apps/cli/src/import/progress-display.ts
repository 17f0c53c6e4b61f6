import { Presets, SingleBar } from 'cli-progress';
import type { ImportOnTheWire } from '#imports';

/** Where a person sees how far an import is. */
export interface ProgressDisplay {
  show(view: ImportOnTheWire): void;
  end(): void;
}

const LINE_EVERY_MS = 5_000;

/** A bar on a terminal, else a line now and then; both on standard error, so that the summary can be piped. */
export const progressDisplay = (size: number | undefined): ProgressDisplay =>
  process.stderr.isTTY ? new ProgressBar(size) : new ProgressLines();

class ProgressBar implements ProgressDisplay {
  private readonly bar = new SingleBar(
    { format: '{bar} {value}/{total} rows, {rejected} rejected', stream: process.stderr, hideCursor: true },
    Presets.shades_classic,
  );
  private started = false;

  constructor(private readonly size: number | undefined) {}

  show(view: ImportOnTheWire): void {
    const payload = { rejected: view.rows.rejected };
    const total = expectedRows(view, this.size);
    if (!this.started) this.bar.start(total, 0, payload);
    this.started = true;
    this.bar.setTotal(total);
    this.bar.update(rowsDone(view), payload);
  }

  end(): void {
    if (this.started) this.bar.stop();
    this.started = false;
  }
}

class ProgressLines implements ProgressDisplay {
  private saidAt = performance.now();

  show(view: ImportOnTheWire): void {
    if (performance.now() - this.saidAt < LINE_EVERY_MS) return;
    this.saidAt = performance.now();
    const { read, rejected } = view.rows;
    process.stderr.write(
      `${rowsDone(view)} of the ${read} rows received so far are applied, ${rejected} rejected\n`,
    );
  }

  end(): void {}
}

const rowsDone = ({ rows }: ImportOnTheWire): number =>
  rows.created + rows.updated + rows.unchanged + rows.rejected;

/** While the file is under way, as many as its size lets expect. */
function expectedRows(
  { status, rows, bytes_read: bytes }: ImportOnTheWire,
  size: number | undefined,
): number {
  if (status !== 'receiving' || !size || bytes === 0) return rows.read;
  return Math.max(rows.read, Math.round((rows.read * size) / bytes));
}
