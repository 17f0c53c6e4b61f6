/** Collects a statement's parameters while its text is put together. */
export class StatementParameters {
  readonly values: unknown[] = [];

  /** Adds a value and answers its placeholder, `$3::uuid`. */
  add(value: unknown, type: string): string {
    this.values.push(value);
    return `$${this.values.length}::${type}`;
  }
}

const names = new Map<string, string>();

/** The same name for the same text, so that a connection prepares each statement once. */
export function preparedName(text: string): string {
  let name = names.get(text);
  if (name === undefined) {
    name = `rollcall_${names.size}`;
    names.set(text, name);
  }
  return name;
}
