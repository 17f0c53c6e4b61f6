/** An argument that cannot be an id, on the routes where Letta answers 400 for it. */
export class InvalidArgumentError extends Error {
  override readonly name = 'InvalidArgumentError';
  readonly code = 'INVALID_ARGUMENT';
  constructor(explanation: string) {
    super(`INVALID_ARGUMENT: ${explanation}`);
  }
}

/** An agent or block that the Letta server does not have. */
export class ReferenceNotFoundError extends Error {
  override readonly name = 'ReferenceNotFoundError';
  readonly code = 'REFERENCE_NOT_FOUND';
  constructor(kind: string, id: string) {
    super(`${kind} not found with id='${id}'`);
  }
}
