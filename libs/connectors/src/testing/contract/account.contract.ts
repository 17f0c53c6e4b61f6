import { describe, expect, it } from '@jest/globals';
import { AuthExpired, ConfigError } from '../../port/connector.errors.js';
import type { FieldDefinition } from '../../port/connector.js';
import { expectNoSecret, failureOf } from './answers.js';
import type { ContractSubject } from './contract-world.js';

/** Credentials, account and fields. */
export function accountContract(subject: ContractSubject): void {
  const { connector } = subject;

  describe('account and fields', () => {
    it('names the account that the credentials belong to', async () => {
      expect(await connector.check(subject.world.context())).toMatchObject({
        ok: true,
        account: subject.world.account,
      });
    });

    it('calls a wrong token expired credentials, and does not repeat it', async () => {
      const error = await failureOf(connector.check(subject.world.contextWith('wrong-token')));
      expect(error).toBeInstanceOf(AuthExpired);
      expectNoSecret(error, [...subject.world.secrets, 'wrong-token']);
    });

    it('discovers the fields of a stream', async () => {
      const fields = await connector.discover(subject.world.context(), subject.world.stream);
      expect(faultsOf(fields)).toEqual([]);
    });

    it('refuses a stream it does not have', async () => {
      const error = await failureOf(async () =>
        connector.discover(subject.world.context(), 'no-such-stream'),
      );
      expect(error).toBeInstanceOf(ConfigError);
    });

    it('refuses a private address unless the operator allows it', async () => {
      const error = await failureOf(connector.check(subject.world.contextWith('public-network-only')));
      expect(error).toBeInstanceOf(ConfigError);
    });
  });
}

/** What `discover` promises, as sentences. */
function faultsOf(fields: readonly FieldDefinition[]): string[] {
  const names = fields.map(({ name }) => name);
  const empty = fields.flatMap((field) =>
    (['name', 'label', 'type'] as const).flatMap((part) =>
      field[part] ? [] : [`discover gave a field without a ${part}: ${JSON.stringify(field)}`],
    ),
  );
  const twice = names.filter((name, place) => names.indexOf(name) !== place);
  return [
    ...(fields.length === 0
      ? ['discover gave no field: a person who writes a mapping has nothing to go by']
      : []),
    ...empty,
    ...twice.map((name) => `discover gave ${name} more than once`),
  ];
}
