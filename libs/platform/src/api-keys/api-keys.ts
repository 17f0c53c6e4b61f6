import { randomBytes, timingSafeEqual } from 'node:crypto';
import { type MonotonicClock, systemClock } from '../clock.js';
import { databaseLimits } from '../database/database-limits.js';
import type { Pool, QueryConfig } from '../database/pool.js';
import type { Prisma, PrismaClient } from '../database/prisma.js';
import { uuidv7 } from '../uuid.js';
import type { ApiKey, Scope } from './api-key.js';
import { couldBeApiKey, hashApiKey, hintOf, newApiKey } from './api-key.secret.js';
import { RecentKeys } from './recent-keys.js';

export interface NewApiKey {
  readonly name: string;
  readonly scopes: readonly Scope[];
  /** Empty or absent: every project. */
  readonly projectIds?: readonly string[];
}

/** A key just made, with the one chance to read it. */
export interface CreatedApiKey extends ApiKey {
  readonly key: string;
}

export interface ApiKeysOptions {
  /** How long a key that was looked up is believed goes by this one. */
  readonly clock?: MonotonicClock;
  /** By which requests look keys up; without it Prisma's. */
  readonly pool?: Pool;
}

/** Makes, lists, revokes and recognises API keys. Only their SHA-256 is kept (table `api_keys`). */
export class ApiKeys {
  private readonly recent: RecentKeys;

  constructor(
    private readonly prisma: PrismaClient,
    private readonly options: ApiKeysOptions = {},
  ) {
    this.recent = new RecentKeys(options.clock ?? systemClock, (hash) => this.findLive(hash));
  }

  async create(wanted: NewApiKey): Promise<CreatedApiKey> {
    return this.insert(this.prisma, wanted, newApiKey());
  }

  /** Newest first, revoked ones included. */
  async list(): Promise<ApiKey[]> {
    const rows = await this.prisma.apiKey.findMany({ orderBy: { id: 'desc' } });
    return rows.map(toApiKey);
  }

  /** Felt at once here, and within a second by other processes. @returns false when there is no such live key. */
  async revoke(id: string): Promise<boolean> {
    const count = await this.prisma.$executeRaw`
      update api_keys set revoked_at = now() where id::text = ${id} and revoked_at is null`;
    this.recent.forgetAll();
    return count > 0;
  }

  /** The live key that these characters are. Answers without waiting when it was seen within the last second. */
  authenticate(bearer: string): ApiKey | undefined | Promise<ApiKey | undefined> {
    return couldBeApiKey(bearer) ? this.recent.get(hashApiKey(bearer)) : undefined;
  }

  /** Looks up a key that nobody has, as every request does first. @throws when that would fail it */
  async requireLookUps(): Promise<void> {
    await this.recent.get(randomBytes(32));
  }

  /**
   * Makes sure that somebody can get in. With a preset key (`ROLLCALL_ADMIN_KEY`), that one is an admin key from now
   * on, however often it is said. Without, a key is made when there has never been one, and returned this one time.
   */
  async ensureAdminKey(preset?: string): Promise<string | undefined> {
    if (preset) {
      await this.keepPreset(preset);
      return undefined;
    }
    return this.prisma.$transaction(async (tx) => {
      // Two processes that start together make one key between them.
      await tx.$queryRaw`select 1 from pg_advisory_xact_lock(${FIRST_KEY_LOCK})`;
      if ((await tx.apiKey.count()) > 0) return undefined;
      return (await this.insert(tx, { name: 'first admin key', scopes: ['admin'] }, newApiKey())).key;
    });
  }

  private async keepPreset(key: string): Promise<void> {
    const grant = { scopes: ['admin'], projectIds: [], revokedAt: null };
    await this.prisma.apiKey.upsert({
      where: { hash: bytes(hashApiKey(key)) },
      create: {
        ...grant,
        id: uuidv7(),
        name: 'ROLLCALL_ADMIN_KEY',
        hash: bytes(hashApiKey(key)),
        hint: hintOf(key),
      },
      update: grant,
    });
  }

  private async insert(
    prisma: Prisma.TransactionClient,
    wanted: NewApiKey,
    key: string,
  ): Promise<CreatedApiKey> {
    const row = await prisma.apiKey.create({
      data: {
        id: uuidv7(),
        name: wanted.name,
        scopes: [...wanted.scopes],
        projectIds: [...(wanted.projectIds ?? [])],
        hash: bytes(hashApiKey(key)),
        hint: hintOf(key),
      },
    });
    return { ...toApiKey(row), key };
  }

  private async findLive(hash: Buffer): Promise<ApiKey | undefined> {
    const { pool } = this.options;
    const row = pool
      ? await findRow(pool, hash)
      : await this.prisma.apiKey.findUnique({ where: { hash: bytes(hash) } });
    return row && row.revokedAt === null && timingSafeEqual(row.hash, hash) ? toApiKey(row) : undefined;
  }
}

/** On a connection that is cut when it does not answer soon, and takes the idle ones that would not either along. */
async function findRow(pool: Pool, hash: Buffer): Promise<StoredKey | undefined> {
  const config: QueryConfig = { text: LOOK_UP, values: [hash], query_timeout: databaseLimits.keyLookUp };
  const { rows } = await pool.query<StoredKey>(config);
  return rows[0];
}

const LOOK_UP = `
  select id, name, hint, hash, scopes, project_ids as "projectIds", created_at as "createdAt", revoked_at as "revokedAt"
  from api_keys where hash = $1`;

const FIRST_KEY_LOCK = 7_745n;

const bytes = (buffer: Buffer): Uint8Array<ArrayBuffer> => new Uint8Array(buffer);

const toApiKey = ({ id, name, hint, scopes, projectIds, createdAt, revokedAt }: Row): ApiKey => ({
  id,
  name,
  hint,
  scopes: scopes as Scope[],
  projectIds,
  createdAt,
  revokedAt,
});

type Row = Omit<ApiKey, 'scopes'> & { readonly scopes: readonly string[] };
type StoredKey = Row & { readonly hash: Uint8Array };
