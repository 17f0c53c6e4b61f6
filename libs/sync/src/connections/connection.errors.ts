import { ConnectorError } from '#connectors';

/** No connection of this id, or none the caller may see. */
export class ConnectionNotFoundError extends Error {
  override readonly name = 'ConnectionNotFoundError';
  readonly code = 'CONNECTION_NOT_FOUND';
  constructor(id: string) {
    super(`No connection ${id}`);
  }
}

export class ConnectionNameTakenError extends Error {
  override readonly name = 'ConnectionNameTakenError';
  readonly code = 'CONNECTION_NAME_TAKEN';
  constructor(name: string) {
    super(`A connection named ${name} exists already; choose another name`);
  }
}

/** What was given does not make a connection of this kind. Says where and what was expected, never what was given. */
export class InvalidConnectionError extends Error {
  override readonly name = 'InvalidConnectionError';
  readonly code = 'INVALID_CONNECTION';
}

/** The connection never had this version of its mapping. */
export class MappingVersionNotFoundError extends Error {
  override readonly name = 'MappingVersionNotFoundError';
  readonly code = 'MAPPING_VERSION_NOT_FOUND';
  constructor(version: number) {
    super(`mapping_version: there is no version ${version} of this connection's mapping`);
  }
}

/** The vendor refused what the connection would use, or could not be asked. */
export class ConnectionCheckFailedError extends Error {
  override readonly name = 'ConnectionCheckFailedError';
  readonly code = 'CONNECTION_CHECK_FAILED';
  constructor(kind: string, detail: string, options?: ErrorOptions) {
    super(`${kind} could not be used: ${detail}`, options);
  }

  /** What a connector threw, in words for who asked; any other error as it is. */
  static of(kind: string, error: unknown): unknown {
    if (!(error instanceof ConnectorError)) return error;
    return new ConnectionCheckFailedError(kind, error.message, { cause: error });
  }
}

/** The vendor no longer takes the secrets, and only a person can change that. */
export class ReauthorizationRequiredError extends Error {
  override readonly name = 'ReauthorizationRequiredError';
  readonly code = 'REAUTHORIZATION_REQUIRED';
  readonly retryable = false;
  constructor(detail: string, options?: ErrorOptions) {
    super(`The connection needs new secrets: ${detail}`, options);
  }
}
