const VERSION = /^(\d+)\.(\d+)\.(\d+)/;

/** Whether it is `x.y.z` and nothing else. */
export const isVersion = (text: string): boolean => /^\d+\.\d+\.\d+$/.test(text);

/** Whether `one` is a newer release than `other`; a pre-release (`1.2.0-rc.1`) counts as its release. */
export function isNewer(one: string, other: string): boolean {
  const [ours, theirs] = [numbersOf(one), numbersOf(other)];
  const different = ours.findIndex((number, at) => number !== theirs[at]);
  return different >= 0 && (ours[different] as number) > (theirs[different] as number);
}

function numbersOf(version: string): number[] {
  const numbers = VERSION.exec(version)?.slice(1).map(Number);
  if (!numbers) throw new TypeError(`"${version}" is no version: three numbers are, such as 1.2.3`);
  return numbers;
}
