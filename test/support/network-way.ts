import { once } from 'node:events';
import { connect, createServer, type Socket } from 'node:net';

export interface NetworkWay {
  readonly port: number;
  readonly url: string;
  /** For connections made from now on. */
  leadsTo(port: number): void;
  /** Takes connections, and lets nothing through in either direction, also later on those. */
  swallow(): void;
  /** What is asked arrives; the answers do not. */
  loseAnswers(): void;
  /** Ends all connections and takes none. */
  refuse(): void;
  /** Lets new connections through. */
  pass(): void;
  end(): Promise<void>;
}

/** A network between the client and a server of this machine. */
export async function openWay(firstTarget = 0): Promise<NetworkWay> {
  let target = firstTarget;
  let mode: 'pass' | 'swallow' | 'refuse' = 'pass';
  const sockets = new Set<Socket>();
  const fars = new Set<Socket>();
  const server = createServer((near) => {
    if (mode === 'refuse') return near.destroy();
    const far = mode === 'swallow' ? undefined : connect(target, '127.0.0.1');
    for (const socket of [near, far]) {
      if (!socket) continue;
      sockets.add(socket);
      socket.on('error', () => undefined).on('close', () => sockets.delete(socket));
    }
    if (far) {
      fars.add(far);
      near.pipe(far).pipe(near);
      near.on('close', () => far.destroy());
      far.on('close', () => near.destroy() && fars.delete(far));
    }
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  const port = typeof address === 'object' && address ? address.port : 0;
  return {
    port,
    url: `redis://127.0.0.1:${port}`,
    leadsTo: (next) => {
      target = next;
    },
    swallow() {
      mode = 'swallow';
      for (const socket of sockets) socket.unpipe().pause();
    },
    loseAnswers() {
      for (const far of fars) far.unpipe().resume();
    },
    refuse() {
      mode = 'refuse';
      for (const socket of sockets) socket.destroy();
    },
    pass() {
      mode = 'pass';
    },
    async end() {
      for (const socket of sockets) socket.destroy();
      server.close();
      await once(server, 'close');
    },
  };
}
