/** What PostgreSQL can hold as text: no NUL, no half of a surrogate pair. */
export const isStorable = (text: string): boolean => !text.includes('\0') && text.isWellFormed();

/** The same for JSON: PostgreSQL's jsonb holds neither of them, in values or in keys. Walks without recursion. */
export function isStorableJson(root: unknown): boolean {
  const waiting: unknown[] = [root];
  while (waiting.length > 0) {
    const value = waiting.pop();
    if (typeof value === 'string' && !isStorable(value)) return false;
    if (typeof value !== 'object' || value === null) continue;
    for (const [key, inner] of Object.entries(value)) {
      if (!isStorable(key)) return false;
      waiting.push(inner);
    }
  }
  return true;
}

/**
 * A time that PostgreSQL, `Date.toISOString` and RFC 3339 write alike: a real one, in the years 1 to 9999. JavaScript's
 * own go on to the year 275760 and back to before Christ, with a sign in front that PostgreSQL does not read.
 */
export function isStorableTime(time: Date): boolean {
  const year = time.getUTCFullYear();
  return year >= 1 && year <= 9999;
}

/** A text in a form that can be kept and shown: what cannot be stored stands there as JSON would escape it. */
export const storableForm = (text: string, longest = Number.POSITIVE_INFINITY): string => {
  const form = text
    .slice(0, longest)
    .replace(UNSTORABLE, (char) => `\\u${char.charCodeAt(0).toString(16).padStart(4, '0')}`);
  return form.length > longest ? form.slice(0, longest).toWellFormed() : form;
};

const UNSTORABLE = /\0|[\ud800-\udbff](?![\udc00-\udfff])|(?<![\ud800-\udbff])[\udc00-\udfff]/g;
