/** Versions of a stream, or `*`: whichever it has, as long as it exists. */
export type Versions = readonly number[] | '*';

/** What must be true of a stream's version for a command to be done: If-Match and If-None-Match (RFC 9110, 13.1). */
export interface Precondition {
  readonly is?: Versions | undefined;
  readonly isNot?: Versions | undefined;
}

/** @param version of the stream as it is now; 0 when it does not exist. */
export const isMet = ({ is, isNot }: Precondition, version: number): boolean =>
  (is === undefined || among(is, version)) && (isNot === undefined || !among(isNot, version));

const among = (versions: Versions, version: number): boolean =>
  versions === '*' ? version > 0 : versions.includes(version);

export const inWords = ({ is, isNot }: Precondition): string =>
  [
    is && (is === '*' ? 'any version' : `version ${named(is)}`),
    isNot && (isNot === '*' ? 'none yet' : `another than version ${named(isNot)}`),
  ]
    .filter(Boolean)
    .join(' and ');

const named = (versions: readonly number[]): string => versions.map(versionName).join(' or ');

/** A tag that is no version of ours comes as a negative one, which matches nothing. */
const versionName = (version: number): string => (version < 0 ? 'of another tag' : `${version}`);
