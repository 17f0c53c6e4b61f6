import { EXPRESSION_BOUNDS } from '../expression-bounds.js';
import { OVER_TIME } from '../processes/ending.js';
import type { Task } from '../protocol.js';
import { compileAnswer, evaluateAnswer } from './answers.js';
import { Watchdog } from './watchdog.js';

const LIMIT_MS = { compile: EXPRESSION_BOUNDS.compileOneMs, evaluate: EXPRESSION_BOUNDS.recordMs } as const;
/** Between two steps an expression notices that it is over time, and its place is known; inside one the process ends. */
const GRACE_MS = 100;
/** Answers that are out are not lost when a later item ends the process. */
const ANSWER_AFTER_MS = 50;

const watchdog = new Watchdog(OVER_TIME, GRACE_MS);
let busy = 0;
let lastAsked = performance.now();

process.on('message', (task: Task) => {
  void answer(task);
});
process.on('disconnect', () => process.exit(0));
// Ctrl-C in a terminal reaches the whole group; the parent may still want answers.
process.on('SIGINT', () => undefined);

process.send?.({ answers: [] });
setInterval(endWhenIdle, EXPRESSION_BOUNDS.idleMs / 10).unref();

async function answer(task: Task): Promise<void> {
  busy += 1;
  lastAsked = performance.now();
  let answers: unknown[] = [];
  let since = performance.now();
  const limitMs = LIMIT_MS[task.kind];
  for (const item of answersOf(task)) {
    watchdog.begin(limitMs);
    answers.push(await item());
    watchdog.end();
    if (performance.now() - since < ANSWER_AFTER_MS) continue;
    process.send?.({ answers });
    answers = [];
    since = performance.now();
  }
  if (answers.length > 0) process.send?.({ answers });
  busy -= 1;
}

function answersOf(task: Task): (() => unknown)[] {
  return task.kind === 'compile'
    ? task.items.map((source) => () => compileAnswer(source, watchdog.isOverTime))
    : task.items.map((item) => () => evaluateAnswer(task.sources, item, watchdog.isOverTime));
}

function endWhenIdle(): void {
  if (busy === 0 && performance.now() - lastAsked > EXPRESSION_BOUNDS.idleMs) process.disconnect();
}
