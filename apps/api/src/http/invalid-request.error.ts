import type { z } from 'zod';

export type Part = 'path' | 'query' | 'body' | 'header';

const MAX_ISSUES = 10;
const MAX_DETAIL = 2_000;

/** A request that is not what its endpoint takes. Says where and what was expected, never what was sent. */
export class InvalidRequestError extends Error {
  override readonly name: string = 'InvalidRequestError';
  readonly code = 'INVALID_REQUEST';
  /** Ids that would have been right. */
  readonly examples?: readonly string[];
  constructor(part: Part, issues: readonly Issue[]) {
    super(describe(part, issues));
  }
}

/** A malformed id in the path: the answer shows a right one. */
export class InvalidPathIdError extends InvalidRequestError {
  override readonly name = 'InvalidPathIdError';
  override readonly examples: readonly string[];
  constructor(issues: readonly Issue[]) {
    super('path', issues);
    this.examples = issues.slice(0, 1).map(exampleFor);
  }
}

/** No body, or one that is no JSON we take. */
export class UnreadableBodyError extends Error {
  override readonly name = 'UnreadableBodyError';
  readonly code = 'UNREADABLE_BODY';
  constructor(expectation: string, options?: ErrorOptions) {
    super(`body: ${expectation}`, options);
  }
}

/** More bytes than an endpoint reads at once. */
export class BodyTooLargeError extends Error {
  override readonly name = 'BodyTooLargeError';
  readonly code = 'BODY_TOO_LARGE';
  constructor() {
    super('The request body is too large');
  }
}

type Issue = Pick<z.core.$ZodIssue, 'path' | 'message'> & { readonly format?: string };

/** Letta's ids name their kind: `identity-<uuid4>` for `identity_id`. Ours are plain UUIDs. */
function exampleFor({ path: [name], format }: Issue): string {
  const uuid = '123e4567-e89b-42d3-8456-426614174000';
  if (format === 'uuid') return uuid;
  return `${/^(\w+)_id$/.exec(String(name))?.[1] ?? 'identity'}-${uuid}`;
}

function describe(part: Part, issues: readonly Issue[]): string {
  const lines = issues
    .slice(0, MAX_ISSUES)
    .map(({ path, message }) => `${[part, ...path].join('.')}: ${message}`);
  if (issues.length > MAX_ISSUES) lines.push(`and ${issues.length - MAX_ISSUES} more`);
  const detail = lines.join('; ');
  return detail.length > MAX_DETAIL ? `${detail.slice(0, MAX_DETAIL)}…` : detail;
}
