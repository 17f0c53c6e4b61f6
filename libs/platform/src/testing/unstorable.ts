/** Texts that PostgreSQL cannot store, by name: in a value, and as well in a key. */
export const textsThatCannotBeStored = [
  { name: 'NUL', text: 'a\0b' },
  { name: 'NUL alone', text: '\0' },
  { name: 'half of a character pair, the first', text: 'a\ud800b' },
  { name: 'half of a character pair, the second', text: 'a\udfffb' },
  { name: 'a character pair the wrong way round', text: '\udc00\ud800' },
] as const;

/** Times that PostgreSQL does not read, by name. */
export const timesThatCannotBeStored = [
  { name: 'the year 10000', time: new Date('+010000-01-01T00:00:00Z') },
  { name: 'the last year that JavaScript knows', time: new Date(8.64e15) },
  { name: 'the year 0', time: new Date('0000-06-01T00:00:00Z') },
  { name: 'before Christ', time: new Date('-000044-03-15T00:00:00Z') },
  { name: 'the first year that JavaScript knows', time: new Date(-8.64e15) },
] as const;
