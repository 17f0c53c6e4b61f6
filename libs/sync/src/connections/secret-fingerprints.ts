export const SECRET_COMPARISONS = ['same', 'changed', 'new', 'removed'] as const;
export type SecretComparison = (typeof SECRET_COMPARISONS)[number];

type Fingerprints = Readonly<Record<string, string>>;

/** Secrets as they were given, as texts; null takes one away. What the vendor renews later is no business of this. */
export function givenSecrets(secrets: Readonly<Record<string, unknown>>): Map<string, string> {
  const given = Object.entries(secrets).filter(([, value]) => value !== null && value !== undefined);
  return new Map(given.map(([name, value]) => [name, JSON.stringify(value)]));
}

/** The fingerprints after some secrets were replaced and others taken away. */
export function withNames(
  held: Fingerprints,
  fresh: Fingerprints,
  given: Readonly<Record<string, unknown>>,
): Fingerprints {
  return Object.fromEntries(Object.entries({ ...held, ...fresh }).filter(([name]) => given[name] !== null));
}

/** How the secrets that somebody holds compare with those a connection was given last. */
export function compareSecrets(
  given: ReadonlyMap<string, string>,
  held: Fingerprints,
  fits: (name: string, text: string, fingerprint: string) => boolean,
): Record<string, SecretComparison> {
  const removed = Object.keys(held).filter((name) => !given.has(name));
  return Object.fromEntries([
    ...[...given].map(([name, text]): [string, SecretComparison] => {
      const fingerprint = held[name];
      if (fingerprint === undefined) return [name, 'new'];
      return [name, fits(name, text, fingerprint) ? 'same' : 'changed'];
    }),
    ...removed.map((name): [string, SecretComparison] => [name, 'removed']),
  ]);
}
