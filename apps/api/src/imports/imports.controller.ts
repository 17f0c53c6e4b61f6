import { Readable } from 'node:stream';
import { Controller, Inject, type OnModuleDestroy } from '@nestjs/common';
import { type Imports, type ImportViewer, importToWire } from '#imports';
import { readJson } from '../http/body.js';
import type { Call, CallOf } from '../http/endpoint.js';
import { InvalidRequestError } from '../http/invalid-request.error.js';
import { Serve } from '../http/serve.decorator.js';
import { projectFor } from '../identities/project-scope.js';
import { formatOf, RetryShape } from './import.params.js';
import { importProgress } from './import-progress.js';
import * as endpoints from './imports.endpoints.js';
import { dropRest, uploadOf } from './upload.js';

export const IMPORTS = Symbol('IMPORTS');

@Controller()
export class ImportsController implements OnModuleDestroy {
  private readonly closing = new AbortController();

  constructor(@Inject(IMPORTS) private readonly imports: Imports) {}

  /** Who watches an import, or sends the file of one, must not hold up a shutdown. */
  onModuleDestroy(): void {
    this.closing.abort();
  }

  @Serve(endpoints.startImport)
  async start(call: CallOf<typeof endpoints.startImport>) {
    const { query, request, caller } = call;
    const closing = this.closing.signal;
    const upload = uploadOf(request, closing);
    try {
      const view = await this.imports.receive(upload, {
        id: query.import_id,
        fileName: query.file_name ?? '',
        contentType: request.headers['content-type'],
        mapping: query.mapping,
        format: formatOf(query),
        dryRun: query.dry_run,
        projectId: projectFor(query, call),
        access: caller.access,
        createdBy: caller.actor,
      });
      return importToWire(view);
    } finally {
      dropRest(request, closing);
    }
  }

  @Serve(endpoints.listImports)
  async list({ query, caller }: CallOf<typeof endpoints.listImports>) {
    return (await this.imports.list(query, viewerOf(caller))).map(importToWire);
  }

  @Serve(endpoints.retrieveImport)
  async retrieve({ params, caller }: CallOf<typeof endpoints.retrieveImport>) {
    return importToWire(await this.imports.get(params.import_id, viewerOf(caller)));
  }

  @Serve(endpoints.watchImport)
  async watch({ params, caller, reply }: CallOf<typeof endpoints.watchImport>) {
    const read = () => this.imports.get(params.import_id, viewerOf(caller));
    await read();
    reply.header('cache-control', 'no-cache').header('x-accel-buffering', 'no');
    return Readable.from(importProgress(read, this.closing.signal));
  }

  @Serve(endpoints.cancelImport)
  async cancel({ params, caller }: CallOf<typeof endpoints.cancelImport>) {
    return importToWire(await this.imports.cancel(params.import_id, viewerOf(caller)));
  }

  @Serve(endpoints.retryFailedRows)
  async retryFailed(call: CallOf<typeof endpoints.retryFailedRows>) {
    const { mapping, dry_run: dryRun } = retryIn(call);
    const { access, actor } = call.caller;
    const request = { mapping, dryRun, access, createdBy: actor };
    return importToWire(await this.imports.retryRejected(call.params.import_id, request));
  }

  @Serve(endpoints.downloadRejected)
  async rejected({ params, caller, reply }: CallOf<typeof endpoints.downloadRejected>) {
    const id = params.import_id;
    const csv = await this.imports.rejectedCsv(id, viewerOf(caller));
    reply.header('content-disposition', `attachment; filename="rejected-${id}.csv"`);
    return Readable.from(csv);
  }
}

const viewerOf = ({ actor, access }: Call['caller']): ImportViewer => ({ actor, access });

function retryIn({ request, body }: CallOf<typeof endpoints.retryFailedRows>) {
  if (!body?.length) return {};
  const parsed = RetryShape.safeParse(readJson(request));
  if (!parsed.success) throw new InvalidRequestError('body', parsed.error.issues);
  return parsed.data;
}
