/** The name most like the one asked for, if any is near enough to be a slip of the hand. */
export function nearestName(asked: string, names: readonly string[]): string | undefined {
  const [best] = names
    .map((name) => ({ name, distance: distance(asked.toLowerCase(), name.toLowerCase()) }))
    .sort((a, b) => a.distance - b.distance);
  return best !== undefined && best.distance <= Math.max(2, asked.length / 3) ? best.name : undefined;
}

/** Levenshtein's distance, row by row, on the first hundred characters. */
function distance(a: string, b: string): number {
  const [from, to] = [a.slice(0, 100), b.slice(0, 100)];
  let row = Array.from({ length: to.length + 1 }, (_, index) => index);
  for (const [i, char] of [...from].entries()) {
    const next = [i + 1];
    for (let j = 1; j <= to.length; j += 1) {
      const [left = 0, above = 0, corner = 0] = [next[j - 1], row[j], row[j - 1]];
      next.push(Math.min(left + 1, above + 1, corner + (char === to[j - 1] ? 0 : 1)));
    }
    row = next;
  }
  return row[to.length] ?? to.length;
}
