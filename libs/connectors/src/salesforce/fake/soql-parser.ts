import { malformed } from './salesforce-errors.js';

export type SoqlLiteral =
  | { readonly kind: 'string' | 'datetime'; readonly text: string }
  | { readonly kind: 'number'; readonly value: number }
  | { readonly kind: 'boolean'; readonly value: boolean }
  | { readonly kind: 'null' };

export type SoqlCondition =
  | { readonly kind: 'and' | 'or'; readonly parts: readonly SoqlCondition[] }
  | { readonly kind: 'not'; readonly part: SoqlCondition }
  | { readonly kind: 'compare'; readonly field: string; readonly op: string; readonly value: SoqlLiteral }
  | { readonly kind: 'in'; readonly field: string; readonly values: readonly SoqlLiteral[] };

export interface SoqlStatement {
  readonly fields: readonly string[];
  readonly entity: string;
  readonly where: SoqlCondition | null;
  readonly order: readonly { readonly field: string; readonly descending: boolean }[];
  readonly limit: number | null;
}

/** The part of SOQL that connectors send; anything else is a malformed query, as it would be in Salesforce. */
export function parseSoql(text: string): SoqlStatement {
  const tokens = new Tokens(text);
  tokens.expect('select');
  const fields = tokens.list(() => tokens.name());
  tokens.expect('from');
  const entity = tokens.name();
  const where = tokens.accept('where') ? parseLogic(tokens) : null;
  const order = tokens.accept('order') ? parseOrder(tokens) : [];
  const limit = tokens.accept('limit') ? tokens.count() : null;
  tokens.end();
  return { fields, entity, where, order, limit };
}

/** AND and OR may not stand side by side without parentheses. */
function parseLogic(tokens: Tokens): SoqlCondition {
  const parts = [parseCondition(tokens)];
  const kind = tokens.is('or') ? 'or' : 'and';
  while (tokens.accept(kind)) parts.push(parseCondition(tokens));
  if (tokens.is('and') || tokens.is('or')) throw malformed(`unexpected token: '${tokens.shown()}'`);
  return parts.length === 1 && parts[0] ? parts[0] : { kind, parts };
}

function parseCondition(tokens: Tokens): SoqlCondition {
  if (tokens.accept('not')) return { kind: 'not', part: parseCondition(tokens) };
  if (tokens.accept('(')) {
    const inner = parseLogic(tokens);
    tokens.expect(')');
    return inner;
  }
  const field = tokens.name();
  if (tokens.accept('in')) return { kind: 'in', field, values: parseValues(tokens) };
  return { kind: 'compare', field, op: tokens.operator(), value: tokens.literal() };
}

function parseValues(tokens: Tokens): SoqlLiteral[] {
  tokens.expect('(');
  const values = tokens.list(() => tokens.literal());
  tokens.expect(')');
  return values;
}

function parseOrder(tokens: Tokens): SoqlStatement['order'] {
  tokens.expect('by');
  return tokens.list(() => {
    const field = tokens.name();
    const descending = tokens.accept('desc');
    if (!descending) tokens.accept('asc');
    return { field, descending };
  });
}

class Tokens {
  private readonly tokens: string[];
  private at = 0;

  constructor(text: string) {
    this.tokens = text.match(TOKEN) ?? [];
    if (this.tokens.join('').replace(/\s/g, '') !== text.replace(/\s/g, ''))
      throw malformed('unexpected character in the statement');
  }

  is(word: string): boolean {
    return this.tokens[this.at]?.toLowerCase() === word;
  }

  accept(word: string): boolean {
    if (!this.is(word)) return false;
    this.at += 1;
    return true;
  }

  expect(word: string): void {
    if (!this.accept(word)) throw malformed(`unexpected token: '${this.shown()}'`);
  }

  shown(): string {
    return this.tokens[this.at] ?? '<EOF>';
  }

  end(): void {
    if (this.at < this.tokens.length) throw malformed(`unexpected token: '${this.shown()}'`);
  }

  list<Item>(item: () => Item): Item[] {
    const items = [item()];
    while (this.accept(',')) items.push(item());
    return items;
  }

  name(): string {
    return this.take(/^[A-Za-z]\w*(\.[A-Za-z]\w*)*$/);
  }

  operator(): string {
    return this.take(/^(=|!=|<>|<=?|>=?|like)$/i).toLowerCase();
  }

  count(): number {
    return Number(this.take(/^\d+$/));
  }

  literal(): SoqlLiteral {
    const token = this.take(/./s);
    if (token.startsWith("'")) return { kind: 'string', text: token.slice(1, -1).replace(/\\(.)/g, '$1') };
    if (/^\d{4}-\d{2}-\d{2}T/.test(token)) return { kind: 'datetime', text: token };
    if (/^-?\d+(\.\d+)?$/.test(token)) return { kind: 'number', value: Number(token) };
    if (/^(true|false)$/i.test(token)) return { kind: 'boolean', value: token.toLowerCase() === 'true' };
    if (/^null$/i.test(token)) return { kind: 'null' };
    throw malformed(`unexpected token: '${token}'`);
  }

  private take(shape: RegExp): string {
    const token = this.tokens[this.at];
    if (token === undefined || !shape.test(token)) throw malformed(`unexpected token: '${this.shown()}'`);
    this.at += 1;
    return token;
  }
}

const TOKEN =
  /'(?:[^'\\]|\\.)*'|\d{4}-\d{2}-\d{2}T[\d:.]+(?:Z|[+-]\d{2}:?\d{2})|-?\d+(?:\.\d+)?|[A-Za-z][\w.]*|<=|>=|!=|<>|[=<>(),]/g;
