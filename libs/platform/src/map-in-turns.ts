import { Stretches } from './event-loop.js';

/** `items.map(step)`, in turns with everybody else. */
export async function mapInTurns<Item, Result>(
  items: readonly Item[],
  step: (item: Item, index: number) => Result | Promise<Result>,
): Promise<Result[]> {
  const stretches = new Stretches();
  const results: Result[] = [];
  for (const [index, item] of items.entries()) {
    if (stretches.over) await stretches.giveTurn();
    results.push(await step(item, index));
  }
  return results;
}
