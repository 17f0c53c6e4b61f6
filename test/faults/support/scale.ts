import { setTimeout as sleep } from 'node:timers/promises';

/** `npm run test:faults` runs everything; `npm test` and CI run fewer rounds of the same. */
export const isFull = process.env.ROLLCALL_FAULTS === 'full';

/** A number of rounds, rows or kills. */
export const scaled = (full: number, short: number): number => (isFull ? full : short);

/** How long a fault lasts is part of the fault, as its kind is: nothing is waited for here. */
export const lasting = (ms: number): Promise<void> => sleep(ms);

/** Somewhere between, so that the rounds of a row hit different moments. */
export const between = (low: number, high: number): number => low + Math.random() * (high - low);
