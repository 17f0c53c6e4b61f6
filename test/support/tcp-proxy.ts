import { once } from 'node:events';
import { connect, createServer, type Server, type Socket } from 'node:net';

type Mode = 'pass' | 'cut' | 'blackhole' | 'no answers' | 'down';

/** A way to a server that can be broken in the ways networks break. */
export class TcpProxy {
  private readonly links = new Set<Link>();
  private mode: Mode = 'pass';
  private latencyMs = 0;
  private cutting: { readonly pattern: RegExp; readonly when: 'before' | 'after'; left: number } | undefined;

  private constructor(
    private target: number,
    private readonly host: string,
    private readonly server: Server,
    readonly port: number,
  ) {
    server.on('connection', (socket) => this.accept(socket));
  }

  static async to(target: number, host = '127.0.0.1'): Promise<TcpProxy> {
    const server = createServer({ allowHalfOpen: false }).listen(0, '127.0.0.1');
    await once(server, 'listening');
    return new TcpProxy(target, host, server, (server.address() as { port: number }).port);
  }

  /** How many connections there are. */
  get open(): number {
    return this.links.size;
  }

  /** Resets every connection, and each new one. */
  cut(): void {
    this.mode = 'cut';
    for (const { client, upstream } of this.links) reset(client, upstream);
  }

  /** Resets every connection; new ones lead to another server. */
  redirect(target: number): void {
    this.target = target;
    this.cutOnce();
  }

  /** Resets every connection once; new ones pass. */
  cutOnce(): void {
    this.cut();
    this.mode = 'pass';
  }

  /** Takes everything, passes nothing on, and stays open: what a network does that loses its route. */
  blackhole(): void {
    this.mode = 'blackhole';
  }

  /** What is asked arrives and is done; the answers are lost. */
  loseAnswers(): void {
    this.mode = 'no answers';
  }

  /** The black hole for one connection that is there already; false when there is none. */
  silenceOne(): boolean {
    const link = [...this.links].find(({ silent }) => !silent);
    if (link) link.silent = true;
    return link !== undefined;
  }

  /** Nobody listens any more: connections end, and new ones are refused. */
  async down(): Promise<void> {
    this.mode = 'down';
    for (const { client, upstream } of this.links) reset(client, upstream);
    this.server.close();
    await once(this.server, 'close');
  }

  latency(ms: number): void {
    this.latencyMs = ms;
  }

  /** Cuts the next `times` connections that send what matches: before it reaches the server, or right after. */
  cutAt(pattern: RegExp, when: 'before' | 'after', times = 1): void {
    this.cutting = { pattern, when, left: times };
  }

  /** How many of those cuts are still to come. */
  get cutsLeft(): number {
    return this.cutting?.left ?? 0;
  }

  /** Everything passes again. What was silent ends, since its peer has long given it up. */
  async heal(): Promise<void> {
    const was = this.mode;
    this.mode = 'pass';
    this.latencyMs = 0;
    this.cutting = undefined;
    for (const { client, upstream, silent } of this.links)
      if (silent || was === 'blackhole' || was === 'no answers') reset(client, upstream);
    if (was !== 'down') return;
    this.server.listen(this.port, '127.0.0.1');
    await once(this.server, 'listening');
  }

  async close(): Promise<void> {
    if (this.mode !== 'down') await this.down();
  }

  private accept(client: Socket): void {
    if (this.mode === 'cut') {
      reset(client);
      return;
    }
    const upstream = connect(this.target, this.host);
    const link: Link = { client, upstream, silent: this.mode === 'blackhole' };
    this.links.add(link);
    for (const [from, to] of [
      [client, upstream],
      [upstream, client],
    ] as const) {
      from.setNoDelay(true);
      from.on('error', () => reset(client, upstream));
      from.on('close', () => {
        this.links.delete(link);
        to.end();
      });
      from.on('data', (chunk) => this.pass(chunk, from, to, link));
    }
  }

  private pass(chunk: Buffer, from: Socket, to: Socket, link: Link): void {
    if (link.silent || this.mode === 'blackhole') return;
    if (this.mode === 'no answers' && from === link.upstream) return;
    if (from === link.client && this.isToBeCut(chunk)) this.cutNow(chunk, link);
    else if (this.latencyMs === 0) write(to, chunk);
    else setTimeout(() => write(to, chunk), this.latencyMs);
  }

  private isToBeCut(chunk: Buffer): boolean {
    return (
      this.cutting !== undefined &&
      this.cutting.left > 0 &&
      this.cutting.pattern.test(chunk.toString('latin1'))
    );
  }

  private cutNow(chunk: Buffer, { client, upstream }: Link): void {
    if (!this.cutting) return;
    this.cutting.left--;
    client.resetAndDestroy();
    if (this.cutting.when === 'before') upstream.resetAndDestroy();
    else upstream.end(chunk); // The server reads it and does it, and finds nobody to tell.
  }
}

interface Link {
  readonly client: Socket;
  readonly upstream: Socket;
  silent: boolean;
}

function write(to: Socket, chunk: Buffer): void {
  if (to.writable) to.write(chunk);
}

function reset(...sockets: readonly Socket[]): void {
  for (const socket of sockets) if (!socket.destroyed) socket.resetAndDestroy();
}
