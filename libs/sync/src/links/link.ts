/** Which record of a CRM an identity mirrors, and what was last seen of it. */
export interface Link {
  readonly externalId: string;
  readonly identityId: string;
  readonly sourceUpdatedAt: Date | null;
  /** Of the mapped record; null when it has to be looked at again whatever it says. */
  readonly contentHash: Buffer | null;
  /** Of the record itself, as it was when it had that content. */
  readonly fingerprint: Buffer | null;
  /** When the CRM was asked for what is held here. */
  readonly seenAt: Date;
  /** The record is archived or deleted at the source. */
  readonly tombstonedAt: Date | null;
  /** The record that this one ended in. */
  readonly mergedInto: string | null;
  readonly hold: KeyHold | null;
}

/** A resolution of a key conflict: what the record says about its key counts for nothing while it says this. */
export interface KeyHold {
  /** What the identity was called when that was decided; it gets this key again when it comes back. */
  readonly key: string;
  readonly insteadOf: string;
}

/** True while the record is there at the source, as far as we know. */
export const isBound = ({ tombstonedAt, mergedInto }: Link): boolean =>
  tombstonedAt === null && mergedInto === null;
