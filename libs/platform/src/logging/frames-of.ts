/** Where it was thrown, without the message, which may quote data. */
export const framesOf = (error: unknown, most: number): string[] =>
  error instanceof Error
    ? (error.stack ?? '')
        .split('\n')
        .filter((line) => /^\s+at /.test(line))
        .slice(0, most)
    : [];
