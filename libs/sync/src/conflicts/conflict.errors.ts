export class ConflictNotFoundError extends Error {
  override readonly name = 'ConflictNotFoundError';
  readonly code = 'CONFLICT_NOT_FOUND';
  constructor(id: string) {
    super(`No conflict ${id}`);
  }
}

/** There is nothing to decide any more. */
export class ConflictOverError extends Error {
  override readonly name = 'ConflictOverError';
  readonly code = 'CONFLICT_OVER';
  constructor(how: string) {
    super(`This conflict is over (${how}): there is nothing left to decide`);
  }
}

/** The record wants another key by now, or somebody else has it: a resolution of what was is none about what is. */
export class ConflictChangedError extends Error {
  override readonly name = 'ConflictChangedError';
  readonly code = 'CONFLICT_CHANGED';
  constructor() {
    super('This conflict is about another key or another identity by now: look at it again and decide then');
  }
}

export class NamedKeyTakenError extends Error {
  override readonly name = 'NamedKeyTakenError';
  readonly code = 'NAMED_KEY_TAKEN';
  constructor() {
    super('identifier_key: belongs to another identity; name one that is free');
  }
}
