export interface ConnectorWebhook<Config, Secrets> {
  /** Pure: raw bytes, headers, the URL the vendor was told, and the time. */
  verify(
    delivery: WebhookDelivery,
    credentials: { readonly config: Config; readonly secrets: Secrets },
    now: Date,
  ): VerifyResult;

  /** Throws `InvalidDelivery` when the body as a whole is not the vendor's; one bad event only rejects itself. */
  parse(delivery: WebhookDelivery): ParsedDelivery;

  /** What the vendor wants to read in the answer; absent: any 2xx will do. */
  readonly acknowledgement?: { readonly contentType: string; readonly body: string };
}

export interface WebhookDelivery {
  readonly method: string;
  /** The public URL as the vendor knows it, from configuration: `Host` can be forged, proxies rewrite it. */
  readonly url: string;
  /** What the path has behind the connection's id, without the slash between: an event's name, a secret, or nothing. */
  readonly tail: string;
  /** Names in lower case. */
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  readonly rawBody: Buffer;
}

/** `scheme` names how it was proven, for people. */
export type VerifyResult =
  | { readonly ok: true; readonly scheme: string }
  | { readonly ok: false; readonly reason: VerifyFailure };

export type VerifyFailure = 'no_secret' | 'missing_signature' | 'stale_timestamp' | 'bad_signature';

export interface ParsedDelivery {
  readonly signals: readonly Signal[];
  /** Events that cannot be read, by their place in the delivery. */
  readonly rejected: readonly { readonly index: number; readonly reason: string }[];
}

/** Something happened to a record; what the record is now has to be fetched. */
export interface Signal {
  readonly stream: string;
  readonly id: string;
  readonly kind: 'upsert' | 'delete' | 'merge' | 'restore';
  /** Of a merge: the record that survived. */
  readonly mergedInto?: string;
  /** A privacy deletion: what is held about the record has to be erased, not only tombstoned. */
  readonly erase?: boolean;
  readonly occurredAt: string | null;
  /** The same for the same event delivered again, and for no other. */
  readonly dedupKey: string;
  /** Null: the vendor names no account, so that the secret alone vouches for it. */
  readonly account: string | null;
  /** What the vendor says of who made the change. */
  readonly origin?: string;
}
