import type { FastifyInstance } from 'fastify';
import type { Endpoint } from './endpoint.js';

export interface Route {
  readonly method: string;
  /** As Fastify writes it: `/v1/identities/:identity_id`. */
  readonly path: string;
  readonly endpoint: Endpoint | undefined;
}

/** The routes that the app really has, noted as they are registered. */
export class RouteTable {
  readonly routes: Route[] = [];

  constructor(fastify: FastifyInstance) {
    fastify.addHook('onRoute', ({ method, url, config }) => {
      for (const one of [method].flat()) {
        this.routes.push({ method: one, path: url, endpoint: config?.endpoint });
      }
    });
  }

  /** Every endpoint there is, once. */
  endpoints(): Endpoint[] {
    return [...new Set(this.routes.map(({ endpoint }) => endpoint))].filter(
      (endpoint) => endpoint !== undefined,
    );
  }

  /** Which methods this URL answers to; as in the router, a literal path goes before one with parameters. */
  methodsOf(url: string): string[] {
    const path = withoutSlash(url.split('?', 1)[0] ?? '');
    const literal = this.routes.filter((route) => withoutSlash(route.path) === path);
    const found = literal.length > 0 ? literal : this.routes.filter((route) => matches(route.path, path));
    return [...new Set(found.map(({ method }) => method))].sort();
  }
}

function matches(pattern: string, path: string): boolean {
  const wanted = withoutSlash(pattern).split('/');
  const given = path.split('/');
  if (wanted.at(-1) === '*') {
    if (given.length < wanted.length) return false;
    wanted.pop();
    given.length = wanted.length;
  }
  return (
    wanted.length === given.length && wanted.every((part, at) => part.startsWith(':') || part === given[at])
  );
}

const withoutSlash = (path: string): string => path.replace(/\/$/, '');
