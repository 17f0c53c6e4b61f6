import type { QueryConfig } from 'pg';

/**
 * A statement that calls its values by name, `:status`, as often as it likes. PostgreSQL numbers them; an order that
 * nobody has to keep cannot be got wrong.
 */
export function valuesByName<Values extends object>(text: string): (values: Values) => QueryConfig {
  const names: string[] = [];
  const numbered = text.replace(NAME, (_, name: string) => {
    if (!names.includes(name)) names.push(name);
    return `$${names.indexOf(name) + 1}`;
  });
  return (values) => ({ text: numbered, values: names.map((name) => picked(values, name)) });
}

/** With two colons it is a cast, `::int`. */
const NAME = /(?<!:):([a-z]\w*)/gi;

function picked(values: object, name: string): unknown {
  if (name in values) return values[name as keyof typeof values];
  throw new TypeError(`The statement names :${name}, and no such value is given`);
}
