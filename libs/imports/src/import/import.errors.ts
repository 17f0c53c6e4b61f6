import type { ImportStatus } from './import.js';

export class ImportNotFoundError extends Error {
  override readonly name = 'ImportNotFoundError';
  readonly code = 'IMPORT_NOT_FOUND';
  constructor(id: string) {
    super(`No import ${id}`);
  }
}

/** The caller chose an id that an import has already. */
export class ImportExistsError extends Error {
  override readonly name = 'ImportExistsError';
  readonly code = 'IMPORT_EXISTS';
  constructor(id: string, options?: ErrorOptions) {
    super(`Import ${id} exists already; ask for it at /v1/imports/${id}, or send another id`, options);
  }
}

/** What was asked makes no sense in the state the import is in. */
export class ImportStateError extends Error {
  override readonly name = 'ImportStateError';
  readonly code = 'IMPORT_STATE';
  constructor(id: string, status: ImportStatus, advice: string) {
    super(`Import ${id} is ${status}: ${advice}`);
  }
}

export class NothingToRetryError extends Error {
  override readonly name = 'NothingToRetryError';
  readonly code = 'NOTHING_TO_RETRY';
  constructor(id: string) {
    super(`Import ${id} rejected no row`);
  }
}

/** The bytes stopped coming before the file was complete. */
export class UploadBrokenError extends Error {
  override readonly name = 'UploadBrokenError';
  readonly code = 'UPLOAD_BROKEN';
  constructor(options?: ErrorOptions) {
    super('The upload broke off before the file was complete; send the file again', options);
  }
}

/** The server that receives the file is being stopped, and another one knows nothing of what came so far. */
export class UploadInterruptedError extends Error {
  override readonly name = 'UploadInterruptedError';
  readonly code = 'SERVICE_CLOSING';
  constructor() {
    super('The server is being stopped and cannot receive the rest of the file; send it again');
  }
}
