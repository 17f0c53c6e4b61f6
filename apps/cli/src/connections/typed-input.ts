import { InvalidArgumentError } from 'commander';
import { type InputSchema, propertiesOf } from './connector-calls.js';

/** `key=value` as it was typed. */
export type Pair = readonly [key: string, value: string];

/** For commander: one more `key=value` behind those before it. */
export function keyValue(text: string, before: readonly Pair[] = []): Pair[] {
  const [, key = '', value = ''] = /^([a-z][\w-]*)=(.*)$/is.exec(text) ?? [];
  if (key === '') throw new InvalidArgumentError('expected key=value');
  return [...before, [key, value]];
}

/** Settings as the connector's schema spells and types them; an empty value takes one away. */
export function typedSettings(pairs: readonly Pair[], schema: InputSchema): Record<string, unknown> {
  return Object.fromEntries(
    pairs.map(([key, value]) => {
      const name = nameIn(schema, key);
      return [name, value === '' ? null : typed(value, propertiesOf(schema)[name]?.type)];
    }),
  );
}

/** `base_url` and `base-url` are `baseUrl` where the connector spells it so. */
export function nameIn(schema: InputSchema, key: string): string {
  if (key in propertiesOf(schema)) return key;
  return key.replaceAll(/[_-](\w)/g, (_, letter: string) => letter.toUpperCase());
}

/** A text where the schema wants one, else JSON when it is JSON. */
export function typed(text: string, type: unknown): unknown {
  if (type === 'string') return text;
  try {
    return JSON.parse(text);
  } catch {
    // Plain text is what most settings are.
    return text;
  }
}
