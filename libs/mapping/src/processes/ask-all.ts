import type { Task } from '../protocol.js';
import { roughSize } from '../rough-size.js';
import { type Budget, OVER_BUDGET } from './budget.js';
import type { ExpressionProcesses } from './expression-processes.js';

/** In the place of an answer: the process ended at this item. */
export class Stopped {
  constructor(readonly reason: string) {}
}

export interface Inquiry<Item> {
  readonly items: readonly Item[];
  readonly taskOf: (items: readonly Item[]) => Task;
  readonly budget?: Budget | undefined;
}

/**
 * An answer for each item, in order, some at a time. Items go in batches; when a process ends, those it had not answered
 * go one by one, until the one that ends it is known and the next one has not.
 */
export async function* askAll<Item, Answer>(
  processes: ExpressionProcesses,
  { items, taskOf, budget }: Inquiry<Item>,
): AsyncGenerator<readonly (Answer | Stopped)[], void, undefined> {
  let place = 0;
  let suspects = 0;
  while (place < items.length) {
    const some = suspects > 0 ? items.slice(place, place + 1) : batchFrom(items, place);
    const { answers, ending } = await processes.ask<Answer>(taskOf(some), budget);
    yield answers;
    place += answers.length;
    suspects = Math.max(0, suspects - answers.length);
    if (ending === OVER_BUDGET) return yield items.slice(place).map(() => new Stopped(ending.reason));
    if (ending?.by === 'itself' && some.length === 1) {
      yield [new Stopped(ending.reason)];
      place += 1;
      suspects = 1;
    } else if (ending) suspects = some.length - answers.length;
  }
}

/** As many as make a message that is soon written and read, but at least one. */
function batchFrom<Item>(items: readonly Item[], start: number): readonly Item[] {
  let size = 0;
  let end = start;
  while (end < items.length && end - start < BATCH_ITEMS && size < BATCH_SIZE)
    size += roughSize(items[end++], BATCH_SIZE);
  return items.slice(start, end);
}

const BATCH_ITEMS = 50;
const BATCH_SIZE = 256 * 1024;
