import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import { createPool, createPrisma, readConfig, SCOPES } from '#platform';
import { createApi } from '../create-api.js';
import { errorTable } from '../errors/error-table.js';
import type { OpenApiDocument } from './openapi.document.js';

/** The app answers these without a database, so none is asked for. */
const NOWHERE = 'postgres://nobody@127.0.0.1:1/nothing';

describe('the API reference', () => {
  let app: NestFastifyApplication;
  const pool = createPool({ url: NOWHERE });
  const prisma = createPrisma({ url: NOWHERE });
  let document: OpenApiDocument;
  const registered: string[] = [];

  beforeAll(async () => {
    app = await createApi({ config: readConfig({}), pool, prisma, readiness: {} });
    const { body } = await app.inject({ method: 'GET', url: '/openapi.json' });
    document = JSON.parse(body);
  });
  afterAll(async () => {
    await app.close();
    await Promise.all([pool.end(), prisma.$disconnect()]);
  });

  it('names every route of the app, and no other', () => {
    const tree = app.getHttpAdapter().getInstance().printRoutes({ commonPrefix: false, includeHooks: false });
    registered.push(...routesIn(tree));
    expect(documented(document)).toEqual(registered.sort());
  });

  it('is OpenAPI 3.1 with its own operation id and a summary for each', () => {
    expect(document.openapi).toBe('3.1.0');
    const ids = operations(document).map(({ operationId }) => operationId);
    expect(new Set(ids).size).toBe(ids.length);
    for (const operation of operations(document)) {
      expect(operation).toMatchObject({
        summary: expect.any(String),
        responses: { default: { description: 'Any other refusal' } },
      });
    }
  });

  it('refers to nothing that is not there', () => {
    const text = JSON.stringify(document);
    const names = [...text.matchAll(/"\$ref":"([^"]+)"/g)].map(([, ref]) => ref ?? '');
    expect(names.length).toBeGreaterThan(20);
    for (const ref of names) {
      expect(ref).toMatch(/^#\/components\/schemas\/\w+$/);
      expect(document.components.schemas).toHaveProperty(ref.split('/').at(-1) ?? '');
    }
  });

  it('describes every parameter of a path', () => {
    for (const [path, item] of Object.entries(document.paths)) {
      const wanted = [...path.matchAll(/\{(\w+)\}/g)].map(([, name]) => name);
      for (const operation of Object.values(item) as Operation[]) {
        const given = operation.parameters.filter((parameter) => parameter.in === 'path');
        expect(given.map(({ name }) => name)).toEqual(wanted);
      }
    }
  });

  it.each(['/v1/identities/', '/v1/identities/count'])('describes a moment as a date-time: %s', (path) => {
    const listing = document.paths[path]?.get as Operation | undefined;
    expect(listing?.parameters).toContainEqual(
      expect.objectContaining({
        in: 'query',
        name: 'updated_after',
        required: false,
        description: expect.stringContaining('at this time or later'),
        schema: { type: 'string', format: 'date-time' },
      }),
    );
  });

  it('says which scope a key needs, and where none is', () => {
    for (const operation of operations(document)) {
      const needed = operation.security ? 'public' : operation['x-scope'];
      expect(['public', ...SCOPES]).toContain(needed);
    }
  });

  it('speaks of the shapes that parse', () =>
    expect(document.components.schemas.IdentityCreate).toMatchObject({
      type: 'object',
      additionalProperties: false,
      required: ['identifier_key', 'name', 'identity_type'],
      properties: { identifier_key: { type: 'string', minLength: 1, maxLength: 512 } },
    }));

  it('names the codes of refusals, those of a 422 apart', () => {
    const codesOf = (name: 'Refused' | 'Invalid') => {
      const { properties, required } = document.components.schemas[name] as {
        properties: Record<string, { enum?: string[]; pattern?: string }>;
        required: string[];
      };
      expect(required).toEqual(['detail', 'code', 'trace_id']);
      expect(properties.trace_id?.pattern).toBe('^[0-9a-f]{32}$');
      return properties.code?.enum;
    };
    expect(codesOf('Refused')).toEqual(Object.keys(errorTable));
    expect(codesOf('Invalid')).toEqual(
      Object.entries(errorTable).flatMap(([code, { status }]) => (status === 422 ? [code] : [])),
    );
  });

  it('is a page without anything from elsewhere', async () => {
    const page = await app.inject({ method: 'GET', url: '/docs' });
    expect(page.headers['content-security-policy']).toContain("default-src 'none'; script-src 'self'");
    for (const [, file] of page.body.matchAll(/(?:src|href)="(?!data:)([^"]+)"/g)) {
      expect(await app.inject({ method: 'GET', url: file ?? '' })).toMatchObject({ statusCode: 200 });
    }
    expect(page.body).not.toMatch(/https?:/);
  });
});

interface Operation {
  readonly operationId: string;
  readonly security?: unknown[];
  readonly parameters: { readonly name: string; readonly in: string }[];
  readonly [key: string]: unknown;
}

const operations = (document: OpenApiDocument): Operation[] =>
  Object.values(document.paths).flatMap((item) => Object.values(item) as Operation[]);

const documented = (document: OpenApiDocument): string[] =>
  Object.entries(document.paths)
    .flatMap(([path, item]) =>
      Object.keys(item).map((method) => `${method.toUpperCase()} ${path.replace(/\/$/, '')}`),
    )
    .sort();

/** The routes in the router's own drawing of itself: `├── /v1/identities (GET, HEAD, POST)`, children indented. */
function routesIn(tree: string): string[] {
  const branch: string[] = [];
  return tree.split('\n').flatMap((line) => {
    const [, indent = '', part = '', methods] = /^([\s│]*)[├└]── (\S*)(?: \((.*)\))?$/.exec(line) ?? [];
    branch.splice(indent.length / 4);
    branch.push(part);
    const path = branch
      .join('')
      .replaceAll(/:(\w+)/g, '{$1}')
      .replace(/\/$/, '');
    return (methods?.split(', ') ?? [])
      .filter((method) => method !== 'HEAD')
      .map((method) => `${method} ${path}`);
  });
}
