/** Signatures are over the address the vendor was told, which only the settings know. */
export class PublicUrlMissingError extends Error {
  override readonly name = 'PublicUrlMissingError';
  readonly code = 'PUBLIC_URL_MISSING';
  constructor() {
    super('Webhooks need ROLLCALL_PUBLIC_URL: the address under which the vendor reaches this service');
  }
}

export class WebhookTooLargeError extends Error {
  override readonly name = 'WebhookTooLargeError';
  readonly code = 'WEBHOOK_TOO_LARGE';
  constructor(maxBytes: number) {
    super(`A webhook may have ${maxBytes} bytes`);
  }
}
