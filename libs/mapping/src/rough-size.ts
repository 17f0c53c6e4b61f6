/** About how many characters of JSON a value makes; it stops counting at `most`. */
export function roughSize(value: unknown, most: number): number {
  if (typeof value === 'string') return value.length + PUNCTUATION;
  if (typeof value !== 'object' || value === null) return PUNCTUATION;
  let size = PUNCTUATION;
  for (const key in value) {
    if (size >= most) break;
    size += key.length + roughSize((value as Record<string, unknown>)[key], most - size);
  }
  return size;
}

const PUNCTUATION = 4;
