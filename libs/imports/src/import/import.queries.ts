import type { ProjectAccess } from '#identity';
import type { Prisma, PrismaClient } from '#platform';
import type { Rejection } from '../mapping/import-mapping.js';
import type { ImportMapping } from '../mapping/import-mapping.schema.js';
import type { ImportFormat } from '../reading/import-format.js';
import { ImportNotFoundError } from './import.errors.js';
import type { ImportStatus, ImportView } from './import.js';
import type { RejectedRow } from './rejected-csv.js';

/** Who asks. A key for some projects sees the imports it started: a file may reach beyond its projects. */
export interface ImportViewer {
  readonly actor: string;
  readonly access: ProjectAccess;
}

export interface ImportPage {
  readonly limit: number;
  /** An import of the page before; the page starts just after it. */
  readonly after?: string | undefined;
  readonly status?: ImportStatus | undefined;
}

const REJECTED_AT_A_TIME = 100;

/** What is asked about imports by people; through Prisma, since none of it is a hot path. */
export class ImportQueries {
  constructor(private readonly prisma: PrismaClient) {}

  /** @throws ImportNotFoundError also when the import is another key's. */
  async get(id: string, viewer: ImportViewer): Promise<ImportView> {
    const row = await this.prisma.import.findFirst({ where: { id, ...visibleTo(viewer) } });
    if (!row) throw new ImportNotFoundError(id);
    return viewOf(row);
  }

  /** Newest first: ids are UUIDv7 unless the caller chose another, so the time goes before them. */
  async list({ limit, after, status }: ImportPage, viewer: ImportViewer): Promise<ImportView[]> {
    const cursor = after === undefined ? undefined : await this.get(after, viewer);
    const rows = await this.prisma.import.findMany({
      where: { ...visibleTo(viewer), ...(status && { status }), ...(cursor && { AND: before(cursor) }) },
      orderBy: [{ createdAt: 'desc' }, { id: 'desc' }],
      take: limit,
    });
    return rows.map(viewOf);
  }

  /** In the order of the file, some at a time. */
  async *rejected(importId: string): AsyncGenerator<readonly RejectedRow[], void, undefined> {
    for (let line = -1n; ; ) {
      const rows = await this.prisma.importRejection.findMany({
        where: { importId, line: { gt: line } },
        orderBy: { line: 'asc' },
        take: REJECTED_AT_A_TIME,
      });
      if (rows.length > 0) yield rows.map(toRejected);
      const last = rows.at(-1);
      if (!last || rows.length < REJECTED_AT_A_TIME) return;
      line = last.line;
    }
  }
}

const visibleTo = ({ access, actor }: ImportViewer): Prisma.ImportWhereInput =>
  access === 'all' ? {} : { createdBy: actor };

const before = ({ createdAt, id }: ImportView): Prisma.ImportWhereInput => ({
  OR: [{ createdAt: { lt: createdAt } }, { createdAt, id: { lt: id } }],
});

const viewOf = (row: ImportRow): ImportView => {
  const format = row.format as unknown as ImportFormat;
  return {
    id: row.id,
    status: row.status as ImportStatus,
    fileName: row.fileName,
    format,
    mapping: row.mapping as unknown as ImportMapping,
    projectId: row.projectId || null,
    dryRun: row.dryRun,
    columns: format.kind === 'csv' ? row.columns : undefined,
    rows: {
      read: Number(row.rowsRead),
      created: Number(row.rowsCreated),
      updated: Number(row.rowsUpdated),
      unchanged: Number(row.rowsUnchanged),
      rejected: Number(row.rowsRejected),
    },
    bytesRead: Number(row.bytesRead),
    retryOf: row.retryOf,
    error: row.error,
    createdBy: row.createdBy,
    createdAt: row.createdAt,
    updatedAt: row.updatedAt,
    finishedAt: row.finishedAt,
  };
};

type ImportRow = Prisma.ImportGetPayload<object>;

const toRejected = ({ line, record, reasons }: Prisma.ImportRejectionGetPayload<object>): RejectedRow => ({
  line: Number(line),
  raw: record as string | string[],
  rejections: reasons as unknown as Rejection[],
});
