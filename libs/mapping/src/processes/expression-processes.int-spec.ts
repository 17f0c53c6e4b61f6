import { execFileSync } from 'node:child_process';
import { describe, expect, it } from '@jest/globals';
import { ExpressionsUnavailableError } from '../expression.errors.js';
import type { FieldAnswer, Task } from '../protocol.js';
import { askAll } from './ask-all.js';
import { ExpressionProcesses } from './expression-processes.js';

/** About a tenth of a second. */
const SLOW = '$count($map([1..4000], function($n) { $n + 1 }))';

describe('the processes that evaluate', () => {
  it('are two however much is asked at once, and serve all', async () => {
    const processes = new ExpressionProcesses();
    const before = new Set(children());
    const asked = Array.from({ length: 8 }, () => processes.ask<FieldAnswer[]>(taskOf(SLOW, 1)));
    const answers = await Promise.all(asked);
    expect(answers.map(({ answers: [answer] }) => answer)).toEqual(answers.map(() => [{ value: 4000 }]));
    expect(children().filter((pid) => !before.has(pid))).toHaveLength(2);
  });

  it.each(['SIGKILL', 'SIGTERM', 'SIGHUP'] as const)(
    'answer all when somebody sends one %s',
    async (signal) => {
      const processes = new ExpressionProcesses();
      const before = new Set(children());
      await processes.ask(taskOf('$now()', 1));
      const [child] = children().filter((pid) => !before.has(pid));
      const items = taskOf(SLOW, 20).items;
      let answered = 0;
      const all = (async () => {
        for await (const answers of askAll(processes, {
          items,
          taskOf: (some) => ({ ...taskOf(SLOW, 0), items: some }) as Task,
        }))
          for (const answer of answers) {
            answered += 1;
            if (answered === 2) process.kill(child as number, signal);
            expect(answer).toEqual([{ value: 4000 }]);
          }
      })();
      await all;
      expect(answered).toBe(20);
    },
  );

  it('go on when they were paused for longer than a record may take', async () => {
    const processes = new ExpressionProcesses();
    const before = new Set(children());
    await processes.ask(taskOf('$now()', 1));
    const [child] = children().filter((pid) => !before.has(pid));
    const asked = processes.ask<FieldAnswer[]>(taskOf(SLOW, 10));
    process.kill(child as number, 'SIGSTOP');
    setTimeout(() => process.kill(child as number, 'SIGCONT'), 1_500);
    const { answers, ending } = await asked;
    expect(ending).toBeUndefined();
    expect(answers).toEqual(Array.from({ length: 10 }, () => [{ value: 4000 }]));
  });

  it('say so when somebody ends them again and again', async () => {
    const processes = new ExpressionProcesses();
    const before = new Set(children());
    const killing = setInterval(() => {
      for (const pid of children()) if (!before.has(pid)) process.kill(pid, 'SIGKILL');
    }, 20);
    await expect(processes.ask(taskOf(SLOW, 50))).rejects.toThrow(ExpressionsUnavailableError);
    clearInterval(killing);
  });

  it('are not handed the environment', async () => {
    const processes = new ExpressionProcesses();
    process.env.ROLLCALL_SECRET_KEY = 'told to nobody';
    const before = new Set(children());
    await processes.ask(taskOf('$now()', 1));
    const [child] = children().filter((pid) => !before.has(pid));
    expect(execFileSync('ps', ['eww', '-p', String(child)], { encoding: 'utf8' })).not.toContain(
      'told to nobody',
    );
  });
});

const taskOf = (source: string, count: number) =>
  ({
    kind: 'evaluate',
    sources: [source],
    items: Array.from({ length: count }, () => ({ record: {}, wanted: [0] })),
  }) as const satisfies Task;

const children = (): number[] =>
  execFileSync('ps', ['-o', 'pid=,args=', '--ppid', String(process.pid)], { encoding: 'utf8' })
    .split('\n')
    .filter((line) => line.includes('mapping/src/child/main.js'))
    .map((line) => Number.parseInt(line, 10));
