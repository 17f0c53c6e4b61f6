import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { projectRoot } from '../project-root.js';
import { lockDataDir } from './data-dir-lock.js';

describe('the lock of a data directory', () => {
  let dir: string;
  let file: string;

  beforeEach(() => {
    dir = mkdtempSync(path.join(os.tmpdir(), 'rollcall-lock-'));
    file = path.join(dir, 'rollcall.lock');
  });

  afterEach(() => rmSync(dir, { recursive: true }));

  it('is held by one at a time', () => {
    const lock = lockDataDir(file, dir);
    expect(() => lockDataDir(file, dir)).toThrow(`in use by another Rollcall service (pid ${process.pid})`);
    lock.release();
    lockDataDir(file, dir).release();
    expect(readdirSync(dir)).toEqual([]);
  });

  it.each([
    ['of a process that is gone', JSON.stringify({ pid: 2 ** 22 + 1, identity: 'gone', token: 'old' })],
    [
      'of an earlier process with a pid that is used again',
      JSON.stringify({ pid: process.pid, identity: 'earlier', token: 'old' }),
    ],
    ['that lost its content with the power', ''],
  ])('is taken over %s', (_, content) => {
    writeFileSync(file, content);
    const lock = lockDataDir(file, dir);
    expect(JSON.parse(readFileSync(file, 'utf8')).pid).toBe(process.pid);
    lock.release();
    expect(readdirSync(dir)).toEqual([]);
  });

  it('leaves a lock alone that is not its own any more', () => {
    const lock = lockDataDir(file, dir);
    const other = JSON.stringify({ pid: 1, identity: 'x', token: 'other' });
    writeFileSync(file, other);
    lock.release();
    expect(readFileSync(file, 'utf8')).toBe(other);
  });

  it('goes to exactly one of several processes that find a dead holder', async () => {
    for (let round = 0; round < 5; round++) {
      writeFileSync(file, JSON.stringify({ pid: 2 ** 22 + 1, identity: 'gone', token: `round-${round}` }));
      const outcomes = await race(6);
      expect(outcomes.filter((outcome) => outcome === 'held')).toHaveLength(1);
      expect(outcomes.filter((outcome) => outcome === 'DATA_DIR_IN_USE')).toHaveLength(5);
    }
  });

  /** All try at the same moment and live until all have tried. */
  async function race(count: number): Promise<string[]> {
    const module = path.join(projectRoot(), 'dist/libs/platform/src/embedded-postgres/data-dir-lock.js');
    const script = `
      const { lockDataDir } = await import(${JSON.stringify(module)});
      process.on('message', () => {
        try { lockDataDir(${JSON.stringify(file)}, 'dir'); process.send('held'); }
        catch (error) { process.send(error.code ?? error.message); }
      });
      process.send('ready');`;
    const children = Array.from({ length: count }, () =>
      spawn(process.execPath, ['--input-type=module', '-e', script], {
        stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
      }),
    );
    await Promise.all(children.map((child) => once(child, 'message')));
    const outcomes = children.map(async (child) => String((await once(child, 'message'))[0]));
    for (const child of children) child.send('go');
    const result = await Promise.all(outcomes);
    const ended = children.map((child) => once(child, 'exit'));
    for (const child of children) child.kill('SIGKILL');
    await Promise.all(ended);
    return result;
  }
});
