import { createInterface } from 'node:readline/promises';
import { Writable } from 'node:stream';

export class SecretMissingError extends Error {
  override readonly name = 'SecretMissingError';
  readonly code = 'SECRET_MISSING';
  constructor(option: string, variable: string) {
    super(`Give ${option}, or set ${variable}`);
  }
}

/** The option, else the environment, else what a person types unseen. */
export async function secretFrom(
  given: string | undefined,
  option: string,
  variable: string,
  label = option.replace(/^--/, ''),
): Promise<string> {
  const known = given ?? process.env[variable];
  if (known) return known;
  if (!process.stdin.isTTY) throw new SecretMissingError(option, variable);
  return askUnseen(`${label}: `);
}

async function askUnseen(question: string): Promise<string> {
  process.stdout.write(question);
  const silent = new Writable({ write: (_chunk, _encoding, done) => done() });
  const prompt = createInterface({ input: process.stdin, output: silent, terminal: true });
  try {
    return (await prompt.question('')).trim();
  } finally {
    prompt.close();
    process.stdout.write('\n');
  }
}
