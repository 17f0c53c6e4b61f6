// A HubSpot fake in a process of its own, without call limits, which would end the measurement.
import { startHubSpotFake } from '#connectors/hubspot/fake';

process.once('message', async ({ contacts, answerMs }) => {
  const unlimited = { tenSecondly: 1e9, searchPerSecond: 1e9, daily: 1e9 };
  const { url, token, clientSecret, account } = await startHubSpotFake({
    limits: unlimited,
    seed: { contacts },
  });
  if (answerMs > 0) account.faults.add({ kind: 'slow', ms: answerMs, times: 1e9 });
  process.send({ url, token, clientSecret });
});
