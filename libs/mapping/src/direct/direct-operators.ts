import { boundedList, boundedText, finite, toText } from './direct-values.js';
import { leaveToJsonata } from './left-to-jsonata.js';

export type Operator = (left: unknown, right: unknown) => unknown;

/** Those that need both sides; `and` and `or` may do without the right one. */
export const OPERATORS: ReadonlyMap<unknown, Operator> = new Map<unknown, Operator>([
  ['&', (left, right) => boundedText(textOrNone(left) + textOrNone(right))],
  ['=', (left, right) => bothThere(left, right) && equal(left, right)],
  ['!=', (left, right) => bothThere(left, right) && !equal(left, right)],
  ['<', comparison((left, right) => left < right)],
  ['<=', comparison((left, right) => left <= right)],
  ['>', comparison((left, right) => left > right)],
  ['>=', comparison((left, right) => left >= right)],
  ['+', arithmetic((left, right) => left + right)],
  ['-', arithmetic((left, right) => left - right)],
  ['*', arithmetic((left, right) => left * right)],
  ['/', arithmetic((left, right) => left / right)],
  ['%', arithmetic((left, right) => left % right)],
  [
    'in',
    (left, right) =>
      bothThere(left, right) && boundedList(Array.isArray(right) ? right : [right]).includes(left),
  ],
]);

export function negative(value: unknown): unknown {
  return value === undefined ? undefined : -finite(value);
}

const textOrNone = (value: unknown): string => (value === undefined ? '' : toText(value));

/** Nothing is neither equal to anything nor different from it. */
const bothThere = (left: unknown, right: unknown): boolean => left !== undefined && right !== undefined;

function equal(left: unknown, right: unknown): boolean {
  const bothDeep = typeof left === 'object' && typeof right === 'object' && left !== null && right !== null;
  return bothDeep ? leaveToJsonata() : left === right;
}

function comparison(holds: (left: number | string, right: number | string) => boolean): Operator {
  return (left, right) => {
    if (!isComparable(left) || !isComparable(right)) return leaveToJsonata();
    if (left === undefined || right === undefined) return undefined;
    return typeof left === typeof right ? holds(left, right) : leaveToJsonata();
  };
}

const isComparable = (value: unknown): value is number | string | undefined =>
  value === undefined || typeof value === 'number' || typeof value === 'string';

function arithmetic(calculate: (left: number, right: number) => number): Operator {
  return (left, right) => {
    const numbers = [left, right].map((side) => (side === undefined ? undefined : finite(side)));
    const [first, second] = numbers;
    return first === undefined || second === undefined ? undefined : finite(calculate(first, second));
  };
}
