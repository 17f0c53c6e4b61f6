import { startServices } from './services.mjs';

/** Workers learn of the services through the environment, which they inherit. */
export default async function globalSetup() {
  const { found, stop } = await startServices();
  globalThis.__rollcallStopServices = stop;
  process.env.ROLLCALL_TEST_SERVICES = JSON.stringify(found);
}
