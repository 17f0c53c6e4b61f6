import { boundedList, isObject, isTrue } from './direct-values.js';
import { leaveToJsonata } from './left-to-jsonata.js';

export interface PathStep {
  readonly name: string;
  readonly filters: readonly Filter[];
}

/** `[0]` takes by place, `[primary]` by what an expression says of each item. */
export type Filter = number | ((item: unknown) => unknown);

/** Objects are walked straight through; the first list or filter on the way needs the rules of `walk`. */
export function pathOf(steps: readonly PathStep[]): (context: unknown) => unknown {
  return (context) => {
    let value = context;
    for (let place = 0; place < steps.length; place++) {
      const step = steps[place] as PathStep;
      if (Array.isArray(value)) return walk(steps, place, value);
      if (step.filters.length > 0) return walk(steps, place, [value]);
      value = fieldOf(value, step.name);
    }
    return value;
  };
}

/**
 * Every step goes from the items so far to what each of them has there, and lists among that become items. Only when
 * the last step finds nothing but one list of the record, that list itself is the value, even with one item or none.
 */
function walk(steps: readonly PathStep[], start: number, from: readonly unknown[]): unknown {
  let items = boundedList(from);
  for (let place = start; place < steps.length; place++) {
    const found: unknown[] = [];
    for (const item of items) {
      const value = stepInto(item, steps[place] as PathStep);
      if (value !== undefined) found.push(value);
    }
    const isLast = place === steps.length - 1;
    if (isLast && found.length === 1 && isOwnList(found[0])) return found[0];
    items = found.some(Array.isArray) ? flattened(found) : boundedList(found);
  }
  return singleOut(items);
}

function stepInto(item: unknown, step: PathStep): unknown {
  const value = Array.isArray(item) ? fieldOfEach(item, step.name) : fieldOf(item, step.name);
  return step.filters.reduce(filtered, value);
}

function fieldOf(value: unknown, name: string): unknown {
  return isObject(value) && Object.hasOwn(value, name) ? value[name] : undefined;
}

function fieldOfEach(list: readonly unknown[], name: string): unknown {
  if (boundedList(list).some(Array.isArray)) return leaveToJsonata();
  const values = list.map((item) => fieldOf(item, name)).filter((value) => value !== undefined);
  return unwrapped(sequenceOf(flattened(values)));
}

/** Looks at the size first: a list may hold lists of any length. */
function flattened(values: readonly unknown[]): readonly unknown[] {
  for (const value of values) if (Array.isArray(value)) boundedList(value);
  return boundedList(values.flat());
}

/** What several filters on one value leave of it. */
export function filteredBy(filters: readonly Filter[], value: unknown): unknown {
  return unwrapped(filters.reduce(filtered, value));
}

function filtered(value: unknown, filter: Filter): unknown {
  if (isObject(value) && value.tupleStream) return leaveToJsonata();
  const items: readonly unknown[] = Array.isArray(value) ? value : [value];
  if (typeof filter === 'number') return itemAt(items, Math.floor(filter));
  return sequenceOf(boundedList(items).filter((item) => holdsFor(filter(item))));
}

function itemAt(items: readonly unknown[], place: number): unknown {
  const item = items.at(place);
  if (Array.isArray(item)) return item;
  return sequenceOf(item === undefined ? [] : [item]);
}

/** A number would be the place of an item. */
const holdsFor = (said: unknown): boolean =>
  typeof said === 'number' || Array.isArray(said) ? leaveToJsonata() : isTrue(said);

/** What was found, as against a list the record holds: with one item it counts as that item. */
class Sequence extends Array<unknown> {}

function sequenceOf(items: readonly unknown[]): Sequence {
  const sequence = new Sequence();
  for (const item of boundedList(items)) sequence.push(item);
  return sequence;
}

const unwrapped = (value: unknown): unknown => (value instanceof Sequence ? singleOut(value) : value);

const singleOut = (items: readonly unknown[]): unknown => (items.length > 1 ? items : items[0]);

const isOwnList = (value: unknown): boolean => Array.isArray(value) && !(value instanceof Sequence);
