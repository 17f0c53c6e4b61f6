import { Controller, Inject } from '@nestjs/common';
import { z } from 'zod';
import { createLogger, packageVersion } from '#platform';
import { refusal, refusalBody } from '../errors/refusal.js';
import { type CallOf, endpoint } from '../http/endpoint.js';
import { Serve } from '../http/serve.decorator.js';
import { type ReadinessChecks, type ReadinessDetails, readiness } from './readiness.js';

export const READINESS_CHECKS = Symbol('READINESS_CHECKS');
export const READINESS_DETAILS = Symbol('READINESS_DETAILS');

const open = { method: 'GET', scope: 'public', tag: 'health' } as const;

export const live = endpoint({
  ...open,
  id: 'live',
  path: '/health/live',
  summary: 'Whether the process answers',
  answer: z.object({ status: z.literal('ok') }),
});

export const ready = endpoint({
  ...open,
  id: 'ready',
  path: '/health/ready',
  summary: 'Whether migrations are applied, and database and queue answer',
  answer: z.object({
    status: z.enum(['ok', 'unavailable']),
    checks: z.record(z.string(), z.enum(['ok', 'failed'])),
    subscriptions: z
      .record(z.string(), z.object({ behind: z.int(), oldest_seconds: z.number().nullable() }))
      .optional()
      .meta({
        description: 'Followers of the log: positions behind, and the age of the oldest unhandled event.',
      }),
    watermark: z
      .object({ held_seconds: z.number().nullable(), application: z.string(), state: z.string().nullable() })
      .nullable()
      .optional()
      .meta({ description: 'The transaction that has kept them from reading on for a second or more.' }),
  }),
  refusals: [503],
});

export const health = endpoint({
  ...open,
  id: 'health',
  path: '/v1/health',
  summary: 'Status and version, as Letta servers answer it',
  answer: z.object({ status: z.literal('ok'), version: z.string() }),
});

@Controller()
export class HealthController {
  private readonly log = createLogger('health');
  private readonly version = packageVersion();

  constructor(
    @Inject(READINESS_CHECKS) private readonly checks: ReadinessChecks,
    @Inject(READINESS_DETAILS) private readonly details: ReadinessDetails,
  ) {}

  @Serve(live)
  live() {
    return { status: 'ok' as const };
  }

  @Serve(ready)
  async ready({ request, reply }: CallOf<typeof ready>) {
    const result = await readiness(this.checks, this.log, this.details);
    if (result.status === 'ok') return result;
    reply.code(503);
    return { ...result, ...refusalBody(refusal('NOT_READY'), request.id) };
  }

  @Serve(health)
  health() {
    return { status: 'ok' as const, version: this.version };
  }
}
