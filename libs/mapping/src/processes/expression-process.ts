import { type ChildProcess, fork } from 'node:child_process';
import { EXPRESSION_BOUNDS } from '../expression-bounds.js';
import type { Answers, Task } from '../protocol.js';
import { childProgram } from './child-program.js';
import { type Ending, endingOf } from './ending.js';

/** What became of a task: as many answers as there were before the process ended, if it did. */
export interface Asked<Answer> {
  readonly answers: readonly Answer[];
  readonly ending?: Ending;
}

/** One child: it is asked one thing at a time, and lasts until it ends. */
export class ExpressionProcess {
  /** Resolves when it can be asked, or has ended. */
  readonly started: Promise<void>;
  private readonly child: ChildProcess;
  private ended: Ending | undefined;
  /** Told of every message, and of the end. */
  private heard: (message?: Answers<unknown>) => void = () => undefined;

  constructor() {
    this.child = fork(childProgram(), [], {
      // None of our secrets, and none of the options that we were started with.
      env: {},
      execArgv: [
        `--max-old-space-size=${EXPRESSION_BOUNDS.processMegabytes}`,
        '--disallow-code-generation-from-strings',
      ],
      // V8 writes what it held to stderr when it gives up.
      stdio: ['ignore', 'ignore', 'ignore', 'ipc'],
    });
    this.started = new Promise((resolve) => {
      this.heard = () => resolve();
    });
    this.child.on('message', (message) => this.heard(message as Answers<unknown>));
    this.child.on('exit', (code, signal) => this.end(endingOf(code, signal)));
    this.child.on('error', (error) => this.end({ by: 'others', reason: codeOf(error) }));
  }

  get isAlive(): boolean {
    return this.ended === undefined;
  }

  /** Resolves with all answers, or with those that came before the process ended. */
  async ask<Answer>(task: Task): Promise<Asked<Answer>> {
    const answers: Answer[] = [];
    this.work();
    try {
      await new Promise<void>((resolve) => {
        this.heard = (message) => {
          answers.push(...((message?.answers ?? []) as Answer[]));
          if (answers.length >= task.items.length || this.ended) resolve();
        };
        if (this.ended) resolve();
        else this.child.send(task, (error) => error && this.end({ by: 'others', reason: codeOf(error) }));
      });
      return answers.length >= task.items.length ? { answers } : { answers, ending: this.ended as Ending };
    } finally {
      this.heard = () => undefined;
      this.rest();
    }
  }

  kill(): void {
    this.child.kill('SIGKILL');
  }

  private end(ending: Ending): void {
    this.ended ??= ending;
    this.heard();
  }

  /** A child that nobody waits for keeps nobody alive. */
  private rest(): void {
    this.child.unref();
    this.child.channel?.unref();
  }

  private work(): void {
    this.child.ref();
    this.child.channel?.ref();
  }
}

const codeOf = (error: Error): string => String((error as NodeJS.ErrnoException).code ?? error.name);
