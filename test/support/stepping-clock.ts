import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';

/** The wall clock of a process, set forward and back while it runs; its timers and monotonic clock go on evenly. */
export class SteppingClock {
  private readonly dir = mkdtempSync(path.join(os.tmpdir(), 'rollcall-clock-'));
  private readonly file = path.join(this.dir, 'offset');

  constructor(
    private readonly library: string,
    offset = '+0',
  ) {
    this.set(offset);
  }

  /** What a process is started with to go by it. */
  get environment(): Record<string, string> {
    return {
      LD_PRELOAD: this.library,
      FAKETIME_TIMESTAMP_FILE: this.file,
      FAKETIME_CACHE_DURATION: '1',
      // By its names in one version and another.
      FAKETIME_DONT_FAKE_MONOTONIC: '1',
      DONT_FAKE_MONOTONIC: '1',
    };
  }

  /** From the time that it is, such as `-1h`; felt within a second. */
  set(offset: string): void {
    writeFileSync(this.file, `${offset}\n`);
  }

  remove(): void {
    rmSync(this.dir, { recursive: true, force: true });
  }
}
