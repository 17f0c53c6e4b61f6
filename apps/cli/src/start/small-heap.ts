import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';

/**
 * On a machine with memory to spare, V8 lets garbage grow to four times what lives before it looks, and an import
 * makes garbage quickly. Measured on 50,000 rows: a peak of 250 MB instead of 400 MB, at the same speed.
 */
export const keepHeapSmall = (): void => setFlagsFromString('--heap-growing-percent=30');

/** Gives back what the migration engine held (a WebAssembly memory), which V8 would keep until it needs room itself. */
export function collectGarbage(): void {
  setFlagsFromString('--expose-gc');
  runInNewContext('gc')();
}
