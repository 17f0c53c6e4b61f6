import { startHubSpotFake } from '#connectors/hubspot/fake';
import { startRollcall } from '../http/processes.mjs';
import { closeLater } from '../measure/clean-up.mjs';
import { compare } from '../measure/compare.mjs';
import { startBareInbox, startSender } from './processes.mjs';

const RATE = 200;
/** Within five times: the share of the bare handler's speed that has to be left. */
const AIM = 1 / 5;

/** How fast a webhook is acknowledged at 200 a second, against a bare Fastify handler that stores the same row. */
export async function benchWebhooks(server, options) {
  const rollcall = await startConnected(await server.createDatabase());
  const bare = await startBareInbox(await server.createDatabase());
  const sender = startSender();
  const seconds = Math.max(options.seconds, options.quick ? 2 : 5);
  const rows = [];
  await sender.send({ ...rollcall, seconds: 2, rate: RATE });
  await sender.send({ ...bare, seconds: 2, rate: RATE });
  for (const quantile of ['p50', 'p99']) {
    // Faster is more: the compared number is acknowledgements that fit in a second.
    const contender = (name, target) => ({
      name,
      round: async () => 1_000 / (await sender.send({ ...target, seconds, rate: RATE }))[quantile],
    });
    rows.push(
      ...(await compare({
        what: `acknowledgement at ${RATE}/s, ${quantile}`,
        subject: contender('Rollcall', rollcall),
        baselines: [{ ...contender('bare Fastify + pg', bare), ...(quantile === 'p99' ? { aim: AIM } : {}) }],
        rounds: options.rounds,
      })),
    );
  }
  for (const process of [sender, rollcall, bare]) await process.stop();
  return rows;
}

/** Rollcall's API with a tested connection. */
async function startConnected(databaseUrl) {
  const fake = await startHubSpotFake();
  closeLater(() => fake.close());
  const api = await startRollcall(databaseUrl, { environment: { ROLLCALL_ALLOW_PRIVATE_NETWORK: 'true' } });
  const response = await fetch(`${api.url}/v1/connections`, {
    method: 'POST',
    headers: { authorization: `Bearer ${api.key}`, 'content-type': 'application/json' },
    body: JSON.stringify({
      kind: 'hubspot',
      name: 'bench',
      settings: { baseUrl: fake.url },
      secrets: { accessToken: fake.token, clientSecret: fake.clientSecret },
      every_seconds: null,
    }),
  });
  if (!response.ok) throw new Error(`The connection was refused: ${await response.text()}`);
  const { id } = await response.json();
  const { clientSecret: secret, portalId } = fake;
  return { url: `${api.url}/v1/webhooks/hubspot/${id}`, secret, portalId, stop: api.stop };
}
