import { setFlagsFromString } from 'node:v8';

/**
 * On a machine with memory to spare, V8 lets garbage grow to four times what lives before it looks, and an import
 * makes garbage quickly. Measured on 50,000 rows: a peak of 250 MB instead of 400 MB, at the same speed.
 */
export const keepHeapSmall = (): void => setFlagsFromString('--heap-growing-percent=30');
