import type { VerifyFailure } from '#connectors';

type RejectionReason = VerifyFailure | 'other_account' | 'untested';

/** The delivery does not prove that it comes from the connection's vendor and account. */
export class WebhookRejectedError extends Error {
  override readonly name = 'WebhookRejectedError';
  readonly code = 'WEBHOOK_REFUSED';
  constructor(reason: RejectionReason) {
    super(REASONS[reason]);
  }
}

const REASONS: Readonly<Record<RejectionReason, string>> = {
  no_secret: 'The connection has no secret to check the signature with; rotate its secrets to add one',
  missing_signature: 'The signature is missing',
  stale_timestamp: 'The timestamp is missing or more than five minutes off',
  bad_signature: 'The signature does not match; is ROLLCALL_PUBLIC_URL the address the vendor was given?',
  untested:
    'The connection was never tested, so that nobody knows whose deliveries it may take; test it first',
  other_account: 'The delivery is for another account than the one this connection was tested with',
};

export class DeliveryNotFoundError extends Error {
  override readonly name = 'DeliveryNotFoundError';
  readonly code = 'DELIVERY_NOT_FOUND';
  constructor(id: string) {
    super(`No webhook delivery ${id}`);
  }
}

/** The vendor sends the delivery again. */
export class ConnectionUnsettledError extends Error {
  override readonly name = 'ConnectionUnsettledError';
  readonly code = 'CONNECTION_UNSETTLED';
  constructor() {
    super('The connection was changed again and again while the delivery was taken; send it again');
  }
}
