/** How programs and their libraries are found. */
const NEEDED = [
  ...['PATH', 'LD_LIBRARY_PATH', 'DYLD_LIBRARY_PATH', 'DYLD_FALLBACK_LIBRARY_PATH'],
  ...['NIX_LD', 'NIX_LD_LIBRARY_PATH'],
];

/**
 * What PostgreSQL's programs see of our environment. `PGDATA`, `PGPORT`, `PGDATESTYLE`, `LC_ALL`, `TZ` and their like
 * would change what they do, and our secrets are none of another user's business.
 */
export const serverEnvironment = (env: NodeJS.ProcessEnv = process.env): NodeJS.ProcessEnv => ({
  ...Object.fromEntries(NEEDED.filter((name) => env[name]).map((name) => [name, env[name]])),
  LC_ALL: 'C',
});
