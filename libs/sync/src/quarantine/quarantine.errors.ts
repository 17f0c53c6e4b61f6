/** No record of this id is in quarantine, or none the caller may see. */
export class QuarantinedRecordNotFoundError extends Error {
  override readonly name = 'QuarantinedRecordNotFoundError';
  readonly code = 'QUARANTINED_RECORD_NOT_FOUND';
  constructor(id: string) {
    super(`No record ${id} in quarantine; it may have been taken since`);
  }
}

/** The record came without an id of its own. */
export class RecordNotReplayableError extends Error {
  override readonly name = 'RecordNotReplayableError';
  readonly code = 'RECORD_NOT_REPLAYABLE';
  constructor() {
    super('The record came without an id, so that the source cannot be asked for it; a full run may read it');
  }
}
