import type { Infrastructure } from './infrastructure.js';
import type { Part } from './part.js';

export interface GreetingFacts {
  readonly infrastructure: Pick<Infrastructure, 'databaseLabel' | 'backend'>;
  readonly parts: readonly Part[];
  readonly url: string;
  /** Freshly made on the very first start: the only time anybody can read it. */
  readonly adminKey: string | undefined;
}

/** What a person who started the service wants to know next. */
export function greet({ infrastructure, parts, url, adminKey }: GreetingFacts): string {
  const api = parts.includes('api');
  const lines: [label: string, value: string][] = [
    api ? ['API', url] : ['Health', `${url}/health/ready`],
    ...(api ? [['Docs', `${url}/docs`] as [string, string]] : []),
    ['Database', infrastructure.databaseLabel],
    ['Queue', infrastructure.backend.kind === 'redis' ? 'Redis' : 'PostgreSQL'],
    ...(adminKey
      ? [['Admin key', `${adminKey}   (shown this once; set it as ROLLCALL_API_KEY)`] as [string, string]]
      : []),
  ];
  const title = parts.length === 2 ? 'Rollcall is running' : `Rollcall's ${parts.join()} is running`;
  return [title, ...lines.map(([label, value]) => `  ${label.padEnd(10)} ${value}`), ''].join('\n');
}
