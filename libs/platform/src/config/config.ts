import { z } from 'zod';
import { isSecretKey } from '../secret-box.js';
import { InvalidRedisAddressError, parseRedisAddress } from './redis-address.js';

const optionalUrl = (protocols: RegExp, example: string) =>
  z.url({ protocol: protocols, error: `expected a URL such as ${example}` }).optional();

const wholeNumber = (from: number, to: number) =>
  z.coerce
    .number({ error: `expected a whole number from ${from} to ${to}` })
    .int()
    .min(from)
    .max(to);

/** One URL, the nodes of one Redis Cluster separated by commas, or Sentinels. */
const redisUrl = z.string().superRefine((text, context) => {
  try {
    parseRedisAddress(text);
  } catch (error) {
    if (!(error instanceof InvalidRedisAddressError)) throw error;
    context.addIssue({ code: 'custom', message: error.message });
  }
});

const flag = z
  .enum(['1', '0', 'true', 'false'], { error: 'expected 1 or 0, or true or false' })
  .transform((text) => text === '1' || text === 'true');

const LOG_LEVELS = ['trace', 'debug', 'info', 'warn', 'error', 'fatal', 'silent'] as const;

/** Every setting the service reads, with its default. An empty variable counts as unset. */
const Environment = z
  .object({
    PORT: wholeNumber(0, 65_535).default(8283),
    HOST: z.string().default('127.0.0.1'),
    DATABASE_URL: optionalUrl(/^postgres(ql)?$/, 'postgres://user:password@host:5432/rollcall'),
    /** The schema's owner, straight to PostgreSQL: migrations, and what a pooler cannot carry. */
    ROLLCALL_DATABASE_DIRECT_URL: optionalUrl(
      /^postgres(ql)?$/,
      'postgres://owner:password@host:5432/rollcall',
    ),
    ROLLCALL_DATABASE_POOLED: flag.default(false),
    ROLLCALL_DATABASE_CONNECTIONS: wholeNumber(4, 1_000).default(30),
    REDIS_URL: redisUrl.optional(),
    ROLLCALL_DATA_DIR: z.string().default('.data'),
    ROLLCALL_ADMIN_KEY: z
      .string()
      .min(20, 'expected at least 20 characters: it opens everything')
      .max(200)
      .regex(/^[\x21-\x7e]+$/, 'expected printable ASCII without spaces')
      .optional(),
    ROLLCALL_SECRET_KEY: z
      .string()
      .refine((keys) => keys.split(',').every((key) => isSecretKey(key.trim())), {
        error:
          'expected 32 bytes in base64 or hex (make one with: openssl rand -base64 32); several are separated by commas, newest first',
      })
      .optional(),
    ROLLCALL_PUBLIC_URL: optionalUrl(/^https?$/, 'https://rollcall.example.com'),
    /** A folder of manifests: connectors of one's own, beside the shipped ones. */
    ROLLCALL_MANIFESTS: z.string().optional(),
    ROLLCALL_QUEUE_PREFIX: z
      .string()
      .regex(/^[a-z0-9_-]{1,40}$/, 'expected 1 to 40 of a-z 0-9 _ -')
      .default('rollcall'),
    ROLLCALL_RATE_LIMIT: wholeNumber(0, 10_000_000).default(60_000),
    ROLLCALL_ALLOW_PRIVATE_NETWORK: flag.default(false),
    /** Seconds without a sign of its event loop after which a worker process is ended. */
    ROLLCALL_STALLED_AFTER: wholeNumber(3, 3_600).default(60),
    /** Seconds without a word from a worker after which its jobs go to another one. */
    ROLLCALL_LOST_AFTER: wholeNumber(4, 3_600).default(30),
    /** Read by createLogger itself, which runs before and without the rest. */
    ROLLCALL_LOG_LEVEL: z
      .enum(LOG_LEVELS, { error: `expected one of ${LOG_LEVELS.join(', ')}` })
      .default('info'),
    LETTA_UPSTREAM_URL: optionalUrl(/^https?$/, 'http://localhost:8284'),
    LETTA_UPSTREAM_KEY: z.string().optional(),
  })
  .superRefine((env, context) => {
    if (env.DATABASE_URL && !env.ROLLCALL_SECRET_KEY) {
      context.addIssue({
        code: 'custom',
        path: ['ROLLCALL_SECRET_KEY'],
        message: 'required when DATABASE_URL is set (make one with: openssl rand -base64 32)',
      });
    }
    if (env.ROLLCALL_DATABASE_POOLED && !env.ROLLCALL_DATABASE_DIRECT_URL) {
      context.addIssue({
        code: 'custom',
        path: ['ROLLCALL_DATABASE_DIRECT_URL'],
        message: 'required with ROLLCALL_DATABASE_POOLED: migrations and listening need PostgreSQL itself',
      });
    }
    for (const name of ['ROLLCALL_DATABASE_DIRECT_URL', 'ROLLCALL_DATABASE_POOLED'] as const) {
      if (env[name] && !env.DATABASE_URL)
        context.addIssue({
          code: 'custom',
          path: [name],
          message: 'goes with DATABASE_URL, which is not set',
        });
    }
  });

export type Config = z.infer<typeof Environment>;

/** The names of all settings. */
export const settingNames: readonly string[] = Object.keys(Environment.shape);

/** Settings that cannot be used: the message lists every one of them with what was expected. */
export class InvalidConfigError extends Error {
  override readonly name = 'InvalidConfigError';
  readonly code = 'INVALID_CONFIG';
  constructor(problems: readonly string[]) {
    super(`${problems.length} setting(s) cannot be used:\n${problems.map((line) => `  ${line}`).join('\n')}`);
  }
}

/** @throws InvalidConfigError naming every bad setting; values are not repeated, since some are secrets. */
export function readConfig(env: NodeJS.ProcessEnv = process.env): Config {
  const set = Object.fromEntries(Object.entries(env).filter(([, value]) => value !== ''));
  const parsed = Environment.safeParse(set);
  if (parsed.success) return parsed.data;
  throw new InvalidConfigError(
    parsed.error.issues.map((issue) => `${issue.path.join('.')}: ${issue.message}`),
  );
}
