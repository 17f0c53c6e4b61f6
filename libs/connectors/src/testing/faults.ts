import type { ServerResponse } from 'node:http';
import { z } from 'zod';
import type { FakeReply } from './fake-server.js';

/** What a vendor's server does on a bad day; `path` narrows it to requests whose path contains it. */
export const faultSchema = z.intersection(
  z.object({ times: z.int().min(1).default(1), path: z.string().optional() }),
  z.discriminatedUnion('kind', [
    z.object({
      kind: z.literal('status'),
      status: z.int().min(100).max(599),
      headers: z.record(z.string(), z.string()).default({}),
      body: z.unknown().optional(),
    }),
    z.object({ kind: z.literal('html') }),
    z.object({ kind: z.literal('truncated') }),
    z.object({ kind: z.literal('latin1') }),
    z.object({ kind: z.literal('cut') }),
    z.object({ kind: z.literal('endless') }),
    z.object({ kind: z.literal('hang') }),
    z.object({ kind: z.literal('slow'), ms: z.int().min(0).max(60_000) }),
    z.object({ kind: z.literal('redirect'), location: z.string() }),
    z.object({
      kind: z.literal('raw'),
      body: z.string(),
      encoding: z.enum(['utf8', 'latin1']).default('utf8'),
    }),
  ]),
);

export type Fault = z.input<typeof faultSchema>;
type ParsedFault = z.output<typeof faultSchema>;

/** Faults wait here for the requests they spoil, first come, first served. */
export class FaultQueue {
  private waiting: { fault: ParsedFault; left: number }[] = [];

  add(fault: Fault): void {
    const parsed = faultSchema.parse(fault);
    this.waiting.push({ fault: parsed, left: parsed.times });
  }

  clear(): void {
    this.waiting = [];
  }

  take(path: string): ParsedFault | null {
    const entry = this.waiting.find(({ fault }) => path.includes(fault.path ?? ''));
    if (!entry) return null;
    entry.left -= 1;
    if (entry.left === 0) this.waiting = this.waiting.filter((other) => other !== entry);
    return entry.fault;
  }
}

/** Spoils one answer; null means that the response was written here. */
export async function commitFault(
  fault: ParsedFault,
  response: ServerResponse,
  proper: () => Promise<FakeReply>,
): Promise<FakeReply | null> {
  switch (fault.kind) {
    case 'status':
      return { status: fault.status, headers: fault.headers, json: fault.body };
    case 'redirect':
      return { status: 302, headers: { location: fault.location } };
    case 'slow':
      await new Promise((resolve) => setTimeout(resolve, fault.ms));
      return proper();
    case 'html':
      return raw(response, '<html><body>We are down for maintenance</body></html>', 'text/html');
    case 'raw':
      return raw(response, Buffer.from(fault.body, fault.encoding), 'application/json');
    case 'latin1':
      return raw(response, Buffer.from(textOf(await proper()), 'latin1'), 'application/json');
    case 'truncated':
      return raw(response, halfOf(await proper()), 'application/json');
    case 'cut':
      return cut(response, halfOf(await proper()));
    case 'endless':
      return endless(response);
    case 'hang':
      return null;
  }
}

function raw(response: ServerResponse, body: string | Buffer, contentType: string): null {
  response.writeHead(200, { 'content-type': contentType });
  response.end(body);
  return null;
}

function textOf({ json }: FakeReply): string {
  return JSON.stringify(json ?? {});
}

function halfOf(reply: FakeReply): string {
  const text = textOf(reply);
  return text.slice(0, Math.ceil(text.length / 2));
}

/** Promises more bytes than it sends, and hangs up. */
function cut(response: ServerResponse, part: string): null {
  response.writeHead(200, { 'content-type': 'application/json', 'content-length': part.length * 2 });
  response.write(part, () => response.destroy());
  return null;
}

function endless(response: ServerResponse): null {
  response.writeHead(200, { 'content-type': 'application/json' });
  const chunk = ' '.repeat(64 * 1024);
  const more = () => {
    while (!response.destroyed && response.write(chunk));
  };
  response.on('drain', more);
  more();
  return null;
}
