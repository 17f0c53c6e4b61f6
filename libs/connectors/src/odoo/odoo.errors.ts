import { AuthExpired, ConfigError, type ConnectorError, Transient } from '../port/connector.errors.js';

/**
 * Odoo names the Python exception behind an error, whatever the status. Null: the name says nothing we know.
 * Only the name is quoted: messages hold records, and `debug` a whole traceback.
 */
export function errorByName(what: string, name: string): ConnectorError | null {
  const message = `${what} ${/^[\w.]{1,80}$/.test(name) ? name : 'an error'}`;
  if (AUTHENTICATION.has(name)) return new AuthExpired(message);
  if (SETTINGS.has(name)) return new ConfigError(message);
  return /^psycopg2\./.test(name) ? new Transient(message) : null;
}

const AUTHENTICATION = new Set([
  'odoo.exceptions.AccessDenied',
  'odoo.http.SessionExpiredException',
  'werkzeug.exceptions.Unauthorized',
]);

/** No right to read, or a field, model, method or database that this Odoo does not have. */
const SETTINGS = new Set([
  'odoo.exceptions.AccessError',
  'odoo.exceptions.UserError',
  'odoo.exceptions.ValidationError',
  'builtins.AttributeError',
  'builtins.KeyError',
  'builtins.TypeError',
  'builtins.ValueError',
  'werkzeug.exceptions.Forbidden',
  'werkzeug.exceptions.NotFound',
  'werkzeug.exceptions.UnprocessableEntity',
]);
