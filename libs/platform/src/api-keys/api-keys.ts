import { timingSafeEqual } from 'node:crypto';
import { type Clock, systemClock } from '../clock.js';
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

/** Makes, lists, revokes and recognises API keys. Only their SHA-256 is kept (table `api_keys`). */
export class ApiKeys {
  private readonly recent: RecentKeys;

  constructor(
    private readonly prisma: PrismaClient,
    private readonly clock: Clock = systemClock,
  ) {
    this.recent = new RecentKeys(clock, (hash) => this.findLive(hash));
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
    const { count } = await this.prisma.apiKey.updateMany({
      where: { id, revokedAt: null },
      data: { revokedAt: this.clock.now() },
    });
    this.recent.forgetAll();
    return count > 0;
  }

  /** The live key that these characters are. Answers without waiting when it was seen within the last second. */
  authenticate(bearer: string): ApiKey | undefined | Promise<ApiKey | undefined> {
    return couldBeApiKey(bearer) ? this.recent.get(hashApiKey(bearer)) : undefined;
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
    const row = await this.prisma.apiKey.findUnique({ where: { hash: bytes(hash) } });
    return row && row.revokedAt === null && timingSafeEqual(row.hash, hash) ? toApiKey(row) : undefined;
  }
}

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
