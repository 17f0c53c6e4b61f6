/** Which record of a CRM an identity mirrors, and what was last seen of it. */
export interface Link {
  readonly externalId: string;
  readonly identityId: string;
  readonly sourceUpdatedAt: Date | null;
  /** Of the mapped record; null when it has to be looked at again whatever it says. */
  readonly contentHash: Buffer | null;
  /** When the CRM was asked for what is held here. */
  readonly seenAt: Date;
  /** The record is archived or deleted at the source. */
  readonly tombstonedAt: Date | null;
  /** The record that this one ended in. */
  readonly mergedInto: string | null;
}

/** True while the record is there at the source, as far as we know. */
export const isBound = ({ tombstonedAt, mergedInto }: Link): boolean =>
  tombstonedAt === null && mergedInto === null;
