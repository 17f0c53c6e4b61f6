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

/** One expression after another ran into its limits: going on would only burn time. */
export class MappingTooExpensiveError extends Error {
  override readonly name = 'MappingTooExpensiveError';
  readonly code = 'MAPPING_TOO_EXPENSIVE';
  constructor(rows: number) {
    super(
      `An expression of the mapping was stopped on ${rows} rows of one chunk because it runs too long, too deep ` +
        'or makes too much; simplify it and import the file again',
    );
  }
}
