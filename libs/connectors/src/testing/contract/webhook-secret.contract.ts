import { describe, expect, it } from '@jest/globals';
import type { VerifyResult, WebhookDelivery } from '../../port/webhook.js';
import { itIf } from './abilities.js';
import { type ContractSubject, deliveryOf, provided } from './contract-world.js';

/** Who may speak for the vendor: signed bytes, a shared secret, or at least an address nobody can guess. */
export function webhookSecretContract(subject: ContractSubject): void {
  const { connector, abilities } = subject;
  const signed = connector.descriptor.capabilities.webhook === 'signed';

  describe('webhook: who speaks', () => {
    const verify = (
      delivery: WebhookDelivery,
      context = subject.world.context(),
      now = subject.world.now(),
    ): VerifyResult => provided(connector.webhook).verify(delivery, context, now);
    const aDelivery = () => deliveryOf(subject, () => subject.world.create('one'));

    it('accepts what the vendor sent, and names how it was proven', async () => {
      expect(verify(await aDelivery())).toEqual({ ok: true, scheme: expect.stringMatching(/./) });
    });

    for (const [proof, reason] of PROOFS)
      it(`refuses a delivery whose proof is ${proof}`, async () => {
        const forged = provided(subject.world.forge)(await aDelivery(), proof);
        expect(verify(forged)).toEqual({ ok: false, reason });
      });

    it('refuses everything while there is no secret to prove it with', async () => {
      expect(verify(await aDelivery(), subject.world.contextWith('no-webhook-secret'))).toEqual({
        ok: false,
        reason: 'no_secret',
      });
    });

    itIf(signed)('refuses a body that differs in one byte, even one that means the same', async () => {
      const delivery = await aDelivery();
      const rawBody = Buffer.concat([delivery.rawBody, Buffer.from(' ')]);
      expect(verify({ ...delivery, rawBody })).toEqual({ ok: false, reason: 'bad_signature' });
    });

    itIf(signed && abilities.signsTime)('refuses an old delivery and one from the future', async () => {
      const delivery = await aDelivery();
      for (const skew of [-301_000, 301_000]) {
        const now = new Date(subject.world.now().getTime() + skew);
        expect(verify(delivery, subject.world.context(), now)).toEqual({
          ok: false,
          reason: 'stale_timestamp',
        });
      }
    });

    itIf(signed && abilities.signsUrl)('refuses a delivery for another URL', async () => {
      const delivery = await aDelivery();
      expect(verify({ ...delivery, url: `${delivery.url}/elsewhere` })).toMatchObject({ ok: false });
    });

    itIf(abilities.rotatesWebhookSecret)(
      'accepts the previous secret while it is being rotated',
      async () => {
        const delivery = await aDelivery();
        expect(verify(delivery, subject.world.contextWith('rotated-webhook-secret'))).toMatchObject({
          ok: true,
        });
      },
    );
  });
}

const PROOFS = [
  ['missing', 'missing_signature'],
  ['wrong', 'bad_signature'],
  ['short', 'bad_signature'],
] as const;
