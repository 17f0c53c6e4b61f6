import type { FakeReply } from '../../testing/fake-server.js';

/** Errors of the data API are a list with one entry. */
export function dataError(status: number, errorCode: string, message: string): FakeReply {
  return { status, json: [{ message, errorCode }] };
}

/** Thrown by the query parser and by writes, answered by the API. */
export class FakeRefusal extends Error {
  constructor(
    readonly errorCode: string,
    message: string,
    readonly status = 400,
  ) {
    super(message);
  }
}

export const invalidSession = (): FakeReply =>
  dataError(401, 'INVALID_SESSION_ID', 'Session expired or invalid');

export const notFound = (): FakeReply => dataError(404, 'NOT_FOUND', 'The requested resource does not exist');

export const unknownField = (name: string, entity: string): FakeRefusal =>
  new FakeRefusal(
    'INVALID_FIELD',
    `\nERROR at Row:1:Column:8\nNo such column '${name}' on entity '${entity}'. If you are attempting to use a custom field, be sure to append the '__c' after the custom field name. Please reference your WSDL or the describe call for the appropriate names.`,
  );

export const malformed = (what: string): FakeRefusal => new FakeRefusal('MALFORMED_QUERY', what);

export const loginError = (error: string, error_description: string): FakeReply => ({
  status: 400,
  json: { error, error_description },
});
