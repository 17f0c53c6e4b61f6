import { describe, expect, it } from '@jest/globals';
import type { RefreshedSecrets } from '../../port/connector.js';
import type { Page } from '../../port/records.js';
import { itIf } from './abilities.js';
import { collect, expectNoSecret, failureOf, idsOf, recordsOf } from './answers.js';
import { type ContractSubject, provided } from './contract-world.js';

/** Credentials that end, at the worst moment. */
export function tokensContract(subject: ContractSubject): void {
  const { connector, abilities } = subject;
  const oauth = itIf(abilities.oauth && connector.refreshAuth !== undefined);
  const rotating = itIf(abilities.oauth && abilities.rotatingRefresh && connector.refreshAuth !== undefined);

  const refreshed = async (context: ReturnType<typeof subject.world.context>) => {
    const renewed: RefreshedSecrets<unknown> = await provided(connector.refreshAuth)(context);
    return { ...context, secrets: connector.descriptor.secretsSchema.parse(renewed.secrets), renewed };
  };

  describe('tokens', () => {
    it('reports expired credentials wherever they are used, and asks for nothing again', async () => {
      const id = subject.world.create('one');
      subject.world.expireTokens();
      const { world } = subject;
      const attempts = [
        subject.firstPage(),
        subject.fetched(id),
        connector.check(world.context()),
        connector.discover(world.context(), world.stream),
      ];
      for (const attempt of await Promise.all(attempts.map((work) => failureOf(work))))
        expect(attempt).toMatchObject({ code: 'AUTH_EXPIRED' });
    });

    oauth('goes on with refreshed credentials', async () => {
      subject.world.create('one');
      const context = subject.world.contextWith('oauth');
      subject.world.expireTokens();
      expect(await failureOf(subject.firstPage(context))).toMatchObject({ reauthorize: false });
      const { renewed, ...fresh } = await refreshed(context);
      expect((await subject.firstPage(fresh)).records).toHaveLength(1);
      if (renewed.expiresAt)
        expect(renewed.expiresAt.getTime()).toBeGreaterThan(subject.world.now().getTime());
    });

    oauth('continues from the last page when the token expires in the middle of a run', async () => {
      const ids = subject.createMany(abilities.manyRecords);
      const context = subject.world.contextWith('oauth');
      const before: Page<unknown>[] = [];
      const run = async () => {
        for await (const page of connector.read(context, subject.world.stream, null)) {
          before.push(page);
          subject.world.expireTokens();
        }
      };
      expect(await failureOf(run)).toMatchObject({ code: 'AUTH_EXPIRED' });
      const { renewed: _, ...fresh } = await refreshed(context);
      const rest = await collect(connector.read(fresh, subject.world.stream, before.at(-1)?.next));
      expect(before).toHaveLength(1);
      expect(idsOf(recordsOf([...before, ...rest])).sort()).toEqual(ids.sort());
    });

    rotating('hands over the new refresh token, because the old one is used up', async () => {
      provided(subject.world.rotateRefreshTokens)();
      const context = subject.world.contextWith('oauth');
      const { renewed: _, ...fresh } = await refreshed(context);
      expect((await refreshed(fresh)).secrets).not.toEqual(fresh.secrets);
      expect(await failureOf(refreshed(context))).toMatchObject({ code: 'AUTH_EXPIRED', reauthorize: true });
    });

    oauth('asks for a person when the refresh token is refused', async () => {
      const context = subject.world.contextWith('oauth');
      provided(subject.world.revokeRefresh)();
      const error = await failureOf(refreshed(context));
      expect(error).toMatchObject({ code: 'AUTH_EXPIRED', reauthorize: true });
      expectNoSecret(error, subject.world.secrets);
    });
  });
}
