import { readFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import path from 'node:path';
import { Controller, Inject } from '@nestjs/common';
import { z } from 'zod';
import { packageVersion } from '#platform';
import { type CallOf, endpoint } from '../http/endpoint.js';
import type { RouteTable } from '../http/route-table.js';
import { Serve } from '../http/serve.decorator.js';

import { docsPage, docsScript } from './docs.page.js';
import { openApiDocument } from './openapi.document.js';

export const OPENAPI_SOURCE = Symbol('OPENAPI_SOURCE');

const open = { method: 'GET', scope: 'public', tag: 'reference' } as const;

export const openApiJson = endpoint({
  ...open,
  id: 'openapi',
  path: '/openapi.json',
  summary: 'This API as OpenAPI 3.1',
  answer: { mediaType: 'application/json; charset=utf-8' },
});

export const docs = endpoint({
  ...open,
  id: 'docs',
  path: '/docs',
  summary: 'This API as a page to read and try',
  answer: { mediaType: 'text/html; charset=utf-8' },
});

/** The files of the page; all of them come from this server. */
const FILES = {
  'swagger-ui.css': 'text/css; charset=utf-8',
  'swagger-ui-bundle.js': 'text/javascript; charset=utf-8',
  'start.js': 'text/javascript; charset=utf-8',
} as const;
type FileName = keyof typeof FILES;

export const docsFile = endpoint({
  ...open,
  id: 'docs_file',
  path: '/docs/{file}',
  summary: 'A file of the reference page',
  params: z.object({ file: z.enum(Object.keys(FILES) as FileName[]) }),
  answer: { mediaType: 'application/octet-stream' },
});

/** Nothing but this server's own files and API: no CDN, no telemetry, no inline script. */
const CONTENT_SECURITY_POLICY = [
  "default-src 'none'",
  "script-src 'self'",
  "style-src 'self' 'unsafe-inline'",
  "img-src 'self' data:",
  "connect-src 'self'",
  "base-uri 'none'",
  "form-action 'none'",
  "frame-ancestors 'none'",
].join('; ');

@Controller()
export class DocsController {
  private document: string | undefined;
  private readonly files = new Map<FileName, Promise<Buffer>>();

  constructor(@Inject(OPENAPI_SOURCE) private readonly routes: RouteTable) {}

  /** Made at the first request: by then every module has registered its routes. */
  @Serve(openApiJson)
  openApi(): string {
    this.document ??= JSON.stringify(openApiDocument(this.routes.endpoints(), packageVersion()));
    return this.document;
  }

  @Serve(docs)
  page({ reply }: CallOf<typeof docs>): string {
    reply.header('content-security-policy', CONTENT_SECURITY_POLICY);
    reply.header('x-content-type-options', 'nosniff').header('referrer-policy', 'no-referrer');
    return docsPage;
  }

  @Serve(docsFile)
  async file({ params, reply }: CallOf<typeof docsFile>): Promise<string | Buffer> {
    reply
      .type(FILES[params.file])
      .header('cache-control', 'max-age=3600')
      .header('x-content-type-options', 'nosniff');
    return params.file === 'start.js' ? docsScript : this.packaged(params.file);
  }

  private packaged(name: FileName): Promise<Buffer> {
    const reading = this.files.get(name) ?? readFile(path.join(swaggerUi(), name));
    this.files.set(name, reading);
    return reading;
  }
}

const swaggerUi = (): string =>
  path.dirname(createRequire(import.meta.url).resolve('swagger-ui-dist/package.json'));
