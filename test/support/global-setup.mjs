import { ensureBuilt } from './built.mjs';

/** Workers learn of the services through the environment, which they inherit. */
export default async function globalSetup() {
  ensureBuilt();
  const { startServices } = await import('./services.mjs'); // Runs what was just built.
  const { found, stop } = await startServices();
  globalThis.__rollcallStopServices = stop;
  process.env.ROLLCALL_TEST_SERVICES = JSON.stringify(found);
}
