const inProject = (projectId: string | null): string =>
  projectId === null ? '' : ` for project ${projectId}`;

/** No live identity of this id, or none the caller may see: the two look the same on purpose. */
export class IdentityNotFoundError extends Error {
  override readonly name = 'IdentityNotFoundError';
  readonly code = 'IDENTITY_NOT_FOUND';
  constructor(identityId: string, mergedInto?: string) {
    const hint = mergedInto ? `; it was merged into identity-${mergedInto}` : '';
    super(`Identity not found with id='identity-${identityId}'${hint}`);
  }
}

/** A page cursor that names no identity the caller may see. */
export class CursorNotFoundError extends Error {
  override readonly name = 'CursorNotFoundError';
  readonly code = 'CURSOR_NOT_FOUND';
  constructor(cursor: string, thing = 'Identity') {
    super(`No ${thing} found with id ${cursor}`);
  }
}

/** The identifier key belongs to another live identity of the project. Sending it again changes nothing. */
export class IdentifierKeyTakenError extends Error {
  override readonly name = 'IdentifierKeyTakenError';
  readonly code = 'IDENTIFIER_KEY_TAKEN';
  constructor(identifierKey: string, projectId: string | null, options?: ErrorOptions) {
    super(`An identity with identifier key ${identifierKey} already exists${inProject(projectId)}`, options);
  }
}

/** The caller's key is not for this project. */
export class ProjectForbiddenError extends Error {
  override readonly name = 'ProjectForbiddenError';
  readonly code = 'PROJECT_FORBIDDEN';
  constructor(projectId: string | null) {
    super(
      projectId === null
        ? 'This API key is limited to projects: name one of them (project_id, or the X-Project-Id header)'
        : `This API key may not write to project ${projectId}`,
    );
  }
}

/** More of something than one identity holds. */
export class IdentityLimitError extends Error {
  override readonly name = 'IdentityLimitError';
  readonly code = 'IDENTITY_LIMIT';
}
