import { connectorById } from '#connectors';
import { network } from './engine.mjs';

const hubSpot = connectorById('hubspot');

/** Reads the pages that a full run reads, by the same connector and HTTP client, and keeps nothing but their number. */
export async function readAndThrowAway({ url, token, clientSecret }) {
  const { configSchema, secretsSchema } = hubSpot.descriptor;
  const context = {
    config: configSchema.parse({ baseUrl: url }),
    secrets: secretsSchema.parse({ accessToken: token, clientSecret }),
    network,
    now: () => new Date(),
  };
  let records = 0;
  for await (const page of hubSpot.deletions(context, 'contacts', null)) records += page.records.length;
  for await (const page of hubSpot.read(context, 'contacts', null)) records += page.records.length;
  return records;
}
