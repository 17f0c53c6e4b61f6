import { once } from 'node:events';
import { createServer } from 'node:net';

/** Something else listens where this service was to: said before anything is brought up. */
export class ListenError extends Error {
  override readonly name = 'ListenError';
  readonly code = 'CANNOT_LISTEN';
}

/** @throws ListenError naming the setting to change */
export async function requireFreePort({ PORT, HOST }: { PORT: number; HOST: string }): Promise<void> {
  if (PORT === 0) return;
  const probe = createServer().listen(PORT, HOST);
  try {
    await once(probe, 'listening');
  } catch (cause) {
    throw new ListenError(reasonOf(cause as NodeJS.ErrnoException, PORT, HOST), { cause });
  }
  probe.close();
  await once(probe, 'close');
}

function reasonOf({ code, message }: NodeJS.ErrnoException, port: number, host: string): string {
  switch (code) {
    case 'EADDRINUSE':
      return `Port ${port} on ${host} is taken by another program; set PORT to a free one`;
    case 'EACCES':
      return `Port ${port} may not be opened by this user; set PORT to one above 1023`;
    case 'EADDRNOTAVAIL':
    case 'ENOTFOUND':
      return `${host} is no address of this machine; set HOST to one of its addresses, or 0.0.0.0 for all`;
    default:
      return `PORT ${port} on HOST ${host} cannot be opened: ${message}`;
  }
}
