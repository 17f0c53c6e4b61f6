/**
 * What a connector may say when it cannot go on. Connectors never sleep and never retry:
 * they throw one of these, and the runner decides (delay, pause, refresh, fail).
 * Messages carry method, path, status and the vendor's own code, never secrets or personal data.
 */
export abstract class ConnectorError extends Error {
  abstract readonly code: ConnectorErrorCode;
}

export type ConnectorErrorCode =
  | 'RATE_LIMITED'
  | 'AUTH_EXPIRED'
  | 'TRANSIENT'
  | 'INVALID_RESPONSE'
  | 'CONFIG_ERROR'
  | 'INVALID_DELIVERY';

export type RateScope = 'burst' | 'daily';

/** Come back at `retryAt`; a `daily` scope pauses the whole connection. */
export class RateLimited extends ConnectorError {
  override readonly name = 'RateLimited';
  readonly code = 'RATE_LIMITED';
  constructor(
    message: string,
    readonly retryAt: Date,
    readonly scope: RateScope,
  ) {
    super(message);
  }
}

/** The access token was refused; `reauthorize` means that refreshing cannot help, a person has to. */
export class AuthExpired extends ConnectorError {
  override readonly name = 'AuthExpired';
  readonly code = 'AUTH_EXPIRED';
  constructor(
    message: string,
    readonly reauthorize = false,
  ) {
    super(message);
  }
}

/** The same request may succeed later, not before `retryAt` when the vendor named a time. */
export class Transient extends ConnectorError {
  override readonly name = 'Transient';
  readonly code = 'TRANSIENT';
  constructor(
    message: string,
    readonly retryAt: Date | null = null,
    options?: ErrorOptions,
  ) {
    super(message, options);
  }
}

/** The vendor answered with something that cannot be what it meant: HTML, cut JSON, a wrong shape. */
export class InvalidResponse extends ConnectorError {
  override readonly name = 'InvalidResponse';
  readonly code = 'INVALID_RESPONSE';
}

/** Trying again cannot help before a person changes settings, scopes or mapping. */
export class ConfigError extends ConnectorError {
  override readonly name = 'ConfigError';
  readonly code = 'CONFIG_ERROR';
}

/** A webhook body that passed its signature check but is not what the vendor documents. */
export class InvalidDelivery extends ConnectorError {
  override readonly name = 'InvalidDelivery';
  readonly code = 'INVALID_DELIVERY';
}
