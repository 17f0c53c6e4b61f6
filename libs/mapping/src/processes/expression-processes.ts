import { ExpressionsUnavailableError } from '../expression.errors.js';
import { EXPRESSION_BOUNDS } from '../expression-bounds.js';
import type { Task } from '../protocol.js';
import { type Budget, OVER_BUDGET } from './budget.js';
import { type Asked, ExpressionProcess } from './expression-process.js';

/** A few children, started when they are wanted; who finds them all busy waits in line. */
export class ExpressionProcesses {
  private readonly idle: ExpressionProcess[] = [];
  private readonly waiting: (() => void)[] = [];
  private lent = 0;

  /**
   * Asks a child, until there are answers or an item ended it. When the budget is over, the child is ended; the time in
   * line does not count.
   * @throws ExpressionsUnavailableError when children end again and again for reasons that the task has no part in
   */
  async ask<Answer>(task: Task, budget?: Budget): Promise<Asked<Answer>> {
    for (let tries = 1; ; tries++) {
      const asked = await this.askOnce<Answer>(task, budget);
      if (asked.ending?.by !== 'others' || asked.answers.length > 0) return asked;
      if (tries === MAX_TRIES) throw new ExpressionsUnavailableError(asked.ending.reason);
    }
  }

  private async askOnce<Answer>(task: Task, budget: Budget | undefined): Promise<Asked<Answer>> {
    const process = await this.lend();
    try {
      await process.started;
      const limit = budget?.start(() => process.kill());
      const asked = await process.ask<Answer>(task).finally(limit?.stop);
      return asked.ending && limit?.isOver ? { ...asked, ending: OVER_BUDGET } : asked;
    } finally {
      this.giveBack(process);
    }
  }

  private async lend(): Promise<ExpressionProcess> {
    while (this.lent === EXPRESSION_BOUNDS.processes)
      await new Promise<void>((resolve) => {
        this.waiting.push(resolve);
      });
    this.lent += 1;
    for (let process = this.idle.pop(); process; process = this.idle.pop())
      if (process.isAlive) return process;
    return new ExpressionProcess();
  }

  private giveBack(process: ExpressionProcess): void {
    this.lent -= 1;
    if (process.isAlive) this.idle.push(process);
    this.waiting.shift()?.();
  }
}

const MAX_TRIES = 3;

/** Those of this process. */
export const expressionProcesses = new ExpressionProcesses();
