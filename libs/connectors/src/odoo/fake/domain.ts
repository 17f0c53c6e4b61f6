import { OdooRefusal } from './odoo-errors.js';

export type Values = Readonly<Record<string, unknown>>;

/** Odoo's search language: conditions with `&`, `|` and `!` in Polish notation, and an `&` between what is left. */
export function matcherOf(domain: readonly unknown[]): (values: Values) => boolean {
  const rest = [...domain];
  const terms: ((values: Values) => boolean)[] = [];
  while (rest.length > 0) terms.push(term(rest));
  return (values) => terms.every((matches) => matches(values));
}

/** A search that does not say what it wants of `active` sees the active ones only. */
export function mentionsActive(domain: readonly unknown[]): boolean {
  return domain.some((part) => Array.isArray(part) && part[0] === 'active');
}

function term(rest: unknown[]): (values: Values) => boolean {
  const part = rest.shift();
  if (part === '!') {
    const inner = term(rest);
    return (values) => !inner(values);
  }
  if (part === '&' || part === '|') {
    const [left, right] = [term(rest), term(rest)];
    return part === '&'
      ? (values) => left(values) && right(values)
      : (values) => left(values) || right(values);
  }
  if (!Array.isArray(part) || part.length !== 3) throw new OdooRefusal('builtins.ValueError', 500);
  return condition(String(part[0]), String(part[1]), part[2]);
}

function condition(field: string, operator: string, wanted: unknown): (values: Values) => boolean {
  const compare = OPERATORS[operator];
  if (!compare) throw new OdooRefusal('builtins.ValueError', 500);
  return (values) => {
    if (!(field in values)) throw new OdooRefusal('builtins.ValueError', 500);
    return compare(comparable(values[field]), Array.isArray(wanted) ? wanted : comparable(wanted));
  };
}

/** Times are compared as the database holds them, to the microsecond, and not as they are shown. */
function comparable(value: unknown): unknown {
  if (typeof value !== 'string' || !/^\d{4}-\d\d-\d\d \d\d:\d\d:\d\d/.test(value)) return value;
  return Date.parse(`${value.replace(' ', 'T')}Z`);
}

type Compare = (value: unknown, wanted: unknown) => boolean;

const ordered =
  (test: (difference: number) => boolean): Compare =>
  (value, wanted) =>
    typeof value === 'number' && typeof wanted === 'number' && test(value - wanted);

const OPERATORS: Readonly<Record<string, Compare>> = {
  '=': (value, wanted) => value === wanted,
  '!=': (value, wanted) => value !== wanted,
  in: (value, wanted) => Array.isArray(wanted) && wanted.includes(value),
  'not in': (value, wanted) => Array.isArray(wanted) && !wanted.includes(value),
  '>': ordered((difference) => difference > 0),
  '>=': ordered((difference) => difference >= 0),
  '<': ordered((difference) => difference < 0),
  '<=': ordered((difference) => difference <= 0),
};
