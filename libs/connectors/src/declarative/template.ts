import { ConfigError } from '../port/connector.errors.js';

export type Scope = Readonly<Record<string, unknown>>;

/**
 * Fills `{{path}}` in from the scope; nothing is ever evaluated. A text that is one placeholder and nothing else
 * gives the value itself, `undefined` where the scope has none. @throws ConfigError when a part of a longer text is missing
 */
export function fillTemplate(template: string, scope: Scope): unknown {
  const whole = WHOLE.exec(template);
  if (whole) return valueAt(scope, whole[1] ?? '');
  return template.replace(PLACEHOLDER, (_, path: string) => textOf(path, valueAt(scope, path)));
}

/** As text, for headers and parameters; `undefined` where a lone placeholder has nothing to say. */
export function fillText(template: string, scope: Scope): string | undefined {
  const value = fillTemplate(template, scope);
  return value === undefined || value === null ? undefined : textOf(template, value);
}

/** For the path of a URL: what is filled in can neither leave its segment nor add parameters. */
export function fillPath(template: string, scope: Scope): string {
  return template.replace(PLACEHOLDER, (_, path: string) => {
    const text = textOf(path, valueAt(scope, path));
    if (text === '.' || text === '..') throw new ConfigError(`{{${path}}} must not be ${text} in a path`);
    return encodeURIComponent(text);
  });
}

/** A whole JSON body; members whose placeholder has nothing to say are left out. */
export function fillBody(body: unknown, scope: Scope): unknown {
  if (typeof body === 'string') return fillTemplate(body, scope);
  if (Array.isArray(body)) return body.map((item) => fillBody(item, scope));
  if (typeof body !== 'object' || body === null) return body;
  return Object.fromEntries(
    Object.entries(body).flatMap(([name, member]) => {
      const filled = fillBody(member, scope);
      return filled === undefined ? [] : [[name, filled]];
    }),
  );
}

/** The paths that a template asks for, and what is left of braces that make no placeholder. */
export function placeholdersOf(template: string): { readonly paths: string[]; readonly stray: boolean } {
  const paths = [...template.matchAll(PLACEHOLDER)].map(([, path = '']) => path);
  return { paths, stray: /\{\{|\}\}/.test(template.replace(PLACEHOLDER, '')) };
}

/** Walks a dotted path over own fields and array positions; the empty path is the value itself. */
export function valueAt(value: unknown, path: string): unknown {
  let at = value;
  for (const name of path === '' ? [] : path.split('.')) {
    if (typeof at !== 'object' || at === null || !Object.hasOwn(at, name)) return undefined;
    at = (at as Record<string, unknown>)[name];
  }
  return at;
}

function textOf(path: string, value: unknown): string {
  if (typeof value === 'string') return value;
  if (typeof value === 'number' || typeof value === 'boolean') return String(value);
  if (Array.isArray(value)) return value.map((item) => textOf(path, item)).join(',');
  throw new ConfigError(`${path} has no value that can be part of a text`);
}

const PLACEHOLDER = /\{\{\s*([\w$-]+(?:\.[\w$-]+)*)\s*\}\}/g;
const WHOLE = /^\{\{\s*([\w$-]+(?:\.[\w$-]+)*)\s*\}\}$/;
