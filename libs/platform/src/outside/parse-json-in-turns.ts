import { Stretches } from '../event-loop.js';
import { endOfString, type JsonBounds } from './json-bounds.js';
import { type Piece, pieceFrom, scalarFrom, skipBlank } from './json-pieces.js';
import { OutsideJsonError, parseOutsideJson } from './parse-json.js';

/** What one answer of a vendor may hold: a page of thousands of records. */
export const ANSWER_BOUNDS: JsonBounds = { depth: 64, tokens: 2_000_000 };

/** Whoever reads an object goes through all of it at once; records come in lists. */
const MAX_KEYS = 20_000;
/** One text cannot be parsed in pieces. */
const MAX_TEXT_LENGTH = 4_194_304;

/**
 * Parses JSON that may be long without holding the loop: as many whole members of a list or object as make a piece are
 * parsed at once, and others have their turn between two pieces. The value is the one that `JSON.parse` gives.
 * @throws OutsideJsonError
 */
export async function parseJsonInTurns(text: string, bounds: JsonBounds = ANSWER_BOUNDS): Promise<unknown> {
  const reader = new PieceReader(text, bounds);
  const value = await reader.value(1);
  if (!reader.isAtEnd()) throw new OutsideJsonError('syntax', 'is not JSON');
  return value;
}

class PieceReader {
  private at = 0;
  private tokens = 0;
  private readonly stretches = new Stretches();

  constructor(
    private readonly text: string,
    private readonly bounds: JsonBounds,
  ) {}

  async value(depth: number): Promise<unknown> {
    const opening = this.next();
    if (opening === '[') return this.list(depth);
    if (opening === '{') return this.object(depth);
    return this.parse(scalarFrom(this.text, this.at), '', '', depth);
  }

  isAtEnd(): boolean {
    return this.next() === undefined;
  }

  private async list(depth: number): Promise<unknown[]> {
    const items: unknown[] = [];
    await this.members(']', depth, {
      whole: (piece) => {
        for (const item of this.parse(piece, '[', ']', depth) as unknown[]) items.push(item);
      },
      large: async () => {
        items.push(await this.value(depth + 1));
      },
    });
    return items;
  }

  private async object(depth: number): Promise<object> {
    const object = {};
    let keys = 0;
    await this.members('}', depth, {
      whole: (piece) => {
        const members = Object.entries(this.parse(piece, '{', '}', depth) as object);
        keys += members.length;
        if (keys > MAX_KEYS)
          throw new OutsideJsonError('keys', `holds an object of more than ${MAX_KEYS} keys`);
        for (const [key, value] of members) define(object, key, value);
      },
      large: async () => {
        define(object, this.key(depth), await this.value(depth + 1));
      },
    });
    return object;
  }

  /** From the opening bracket past the closing one. */
  private async members(closing: ']' | '}', depth: number, take: MemberTakers): Promise<void> {
    this.rejectDepth(depth);
    this.at += 1;
    if (this.next() === closing) return this.pass(closing);
    for (;;) {
      if (this.stretches.over) await this.stretches.giveTurn();
      if ([',', closing, undefined].includes(this.next())) throw broken();
      const piece = pieceFrom(this.text, this.at) ?? scalarFrom(this.text, this.at);
      if (piece) take.whole(piece);
      else await take.large();
      if (this.next() === closing) return this.pass(closing);
      this.pass(',');
    }
  }

  private parse(piece: Piece | undefined, opening: string, closing: string, depth: number): unknown {
    if (!piece) throw broken();
    const length = piece.end - this.at;
    if (length > MAX_TEXT_LENGTH)
      throw new OutsideJsonError('length', `holds a text longer than ${MAX_TEXT_LENGTH} characters`);
    this.count(piece.tokens);
    const text = `${opening}${this.text.slice(this.at, piece.end)}${closing}`;
    this.at = piece.end;
    return parseOutsideJson(text, { ...this.bounds, depth: this.bounds.depth - depth + 1 });
  }

  private key(depth: number): string {
    if (this.next() !== '"') throw broken();
    const end = endOfString(this.text, this.at) + 1;
    const key = this.parse({ end, tokens: 1 }, '', '', depth) as string;
    this.pass(':');
    return key;
  }

  /** The next character that says something; the reader stands on it. */
  private next(): string | undefined {
    this.at = skipBlank(this.text, this.at);
    return this.text[this.at];
  }

  private pass(char: string): void {
    if (this.next() !== char) throw broken();
    this.at += 1;
  }

  private count(tokens: number): void {
    this.tokens += tokens;
    const most = this.bounds.tokens;
    if (this.tokens > most)
      throw new OutsideJsonError(
        'tokens',
        `holds more than ${most} values and keys, at character ${this.at + 1}`,
      );
  }

  private rejectDepth(depth: number): void {
    const most = this.bounds.depth;
    if (depth > most)
      throw new OutsideJsonError('depth', `nests deeper than ${most} levels, at character ${this.at + 1}`);
  }
}

interface MemberTakers {
  readonly whole: (piece: Piece) => void;
  readonly large: () => Promise<void>;
}

const broken = () => new OutsideJsonError('syntax', 'is not JSON');

/** As `JSON.parse` does it, also for `__proto__`. */
const define = (object: object, key: string, value: unknown) =>
  Object.defineProperty(object, key, { value, writable: true, enumerable: true, configurable: true });
