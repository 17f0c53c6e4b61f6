import type { FakeReply } from '../../testing/fake-server.js';

/** A Python exception on its way out of a method. */
export class OdooRefusal extends Error {
  override readonly name = 'OdooRefusal';
  constructor(
    readonly exception: string,
    readonly status: number,
    readonly says = 'The request was refused',
  ) {
    super(exception);
  }

  /** As JSON-2 shows it: with the traceback, and in it what the request was about. */
  asJson2(secret: string): FakeReply {
    const { status, says: message } = this;
    return {
      status,
      json: {
        name: this.exception,
        message,
        arguments: [message],
        context: {},
        debug: traceback(this, secret),
      },
    };
  }

  /** As JSON-RPC shows it: with status 200. */
  asJsonRpc(id: unknown, secret: string): FakeReply {
    const data = {
      name: this.exception,
      debug: traceback(this, secret),
      message: this.says,
      arguments: [this.says],
      context: {},
    };
    const error = { code: 200, message: 'Odoo Server Error', data };
    return { status: 200, json: { jsonrpc: '2.0', id, error } };
  }
}

export const invalidKey = () => new OdooRefusal('werkzeug.exceptions.Unauthorized', 401, 'Invalid apikey');
export const accessDenied = () => new OdooRefusal('odoo.exceptions.AccessDenied', 401, 'Access Denied');
export const noDatabase = () => new OdooRefusal('werkzeug.exceptions.NotFound', 404, 'No such database');
export const noMethod = () => new OdooRefusal('werkzeug.exceptions.NotFound', 404, 'No such model or method');
export const notAllowed = () =>
  new OdooRefusal('odoo.exceptions.AccessError', 403, 'You are not allowed to access this model');

function traceback({ exception, says }: OdooRefusal, secret: string): string {
  return [
    'Traceback (most recent call last):',
    '  File "/opt/odoo/odoo/http.py", line 2164, in _transactioning',
    '    return service_model.retrying(func, env=self.env)',
    `    key = ${JSON.stringify(secret)}`,
    `${exception}: ${says}`,
  ].join('\n');
}
