// Preloaded into a worker: the names in POISON do to the process that handles them what broken code would. Every name
// that is taken passes this method of strings.
import { appendFileSync } from 'node:fs';

const poison = JSON.parse(process.env.POISON ?? '{}');
const original = String.prototype.isWellFormed;

const deeds = {
  abort: () => process.abort(),
  spin: () => {
    for (;;);
  },
  exhaust: () => {
    const kept = [];
    for (;;) kept.push(Array.from({ length: 10_000 }, (_, n) => ({ n })));
  },
  /** Long enough to be harmed in the middle, and no fault. */
  dawdle: () => {
    appendFileSync(process.env.POISON_MARKS, `${process.pid}\n`);
    Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 1_000);
  },
};

String.prototype.isWellFormed = function isWellFormed() {
  const text = String(this);
  for (const [name, deed] of Object.entries(poison)) if (text.includes(name)) deeds[deed]();
  return original.call(this);
};
