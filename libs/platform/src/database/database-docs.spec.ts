import { readFileSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, it } from '@jest/globals';
import { projectRoot } from '../project-root.js';
import { leastConnections, planConnections } from './connection-plan.js';
import { databaseLimits } from './database-limits.js';

const page = readFileSync(path.join(projectRoot(), 'docs', 'database.md'), 'utf8');
const rows = page.split('\n').filter((line) => line.startsWith('| '));
const cells = (line: string) => line.split('|').map((cell) => cell.trim());

describe('docs/database.md', () => {
  it('shows every limit as it is', () => {
    const shown = rows.map(cells).flatMap(([, name, ms]) => {
      const [, limit] = /^`(\w+)`$/.exec(name ?? '') ?? [];
      return limit ? [[limit, Number(ms)]] : [];
    });
    expect(Object.fromEntries(shown)).toEqual(databaseLimits);
  });

  it('shows what thirty connections are made of', () => {
    const both = planConnections(30, { workedQueues: 3, queueInPostgres: true });
    const api = planConnections(30, { workedQueues: 0, queueInPostgres: false });
    const shown = (pool: string) =>
      cells(rows.find((row) => row.startsWith(`| ${pool}`)) ?? '')
        .slice(3, 5)
        .map(Number);
    expect([
      shown('requests'),
      shown('Prisma'),
      shown('queue in PostgreSQL'),
      shown('suspected jobs'),
    ]).toEqual([
      [both.requests, api.requests],
      [both.prisma, api.prisma],
      [both.queue, api.queue],
      [both.alone, api.alone],
    ]);
  });

  it('names the smallest values that work', () => {
    const least = (workedQueues: number, queueInPostgres: boolean) =>
      leastConnections({ workedQueues, queueInPostgres });
    expect(page).toContain(`**${least(3, true)}** for a process with API and worker`);
    expect(page).toContain(`**${least(0, true)}** for one with the API alone`);
    expect(page).toContain(`**${least(3, false)}** for either with jobs in Redis`);
  });
});
