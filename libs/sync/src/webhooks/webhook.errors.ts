import type { VerifyFailure } from '#connectors';

/** The delivery does not prove that it comes from the connection's vendor and account. */
export class WebhookRefusedError extends Error {
  override readonly name = 'WebhookRefusedError';
  readonly code = 'WEBHOOK_REFUSED';
  constructor(reason: VerifyFailure | 'other_account') {
    super(REASONS[reason]);
  }
}

const REASONS: Readonly<Record<VerifyFailure | 'other_account', string>> = {
  no_secret: 'The connection has no secret to check the signature with; rotate its secrets to add one',
  missing_signature: 'The signature is missing',
  stale_timestamp: 'The timestamp is missing or more than five minutes off',
  bad_signature: 'The signature does not match; is ROLLCALL_PUBLIC_URL the address the vendor was given?',
  other_account: 'The delivery is for another account than the one this connection was tested with',
};
