import { Controller, Inject } from '@nestjs/common';
import type { z } from 'zod';
import { type DeadLetter, DeadLetterNotFoundError, type DeadLetterStore, type DeadLetters } from '#queue';
import type { CallOf } from '../http/endpoint.js';
import { Serve } from '../http/serve.decorator.js';
import { filterOf } from './dead-letter-filter.params.js';
import * as endpoints from './dead-letters.endpoints.js';

export const DEAD_LETTERS = Symbol('DEAD_LETTERS');
export const DEAD_LETTER_STORE = Symbol('DEAD_LETTER_STORE');

@Controller()
export class DeadLettersController {
  constructor(
    @Inject(DEAD_LETTERS) private readonly deadLetters: DeadLetters,
    @Inject(DEAD_LETTER_STORE) private readonly store: DeadLetterStore,
  ) {}

  @Serve(endpoints.listDeadLetters)
  async list({ query }: CallOf<typeof endpoints.listDeadLetters>) {
    const { limit, after } = query;
    const page = await this.store.list(filterOf(query), { limit, ...(after && { after }) });
    return page.letters.map(toWire);
  }

  @Serve(endpoints.retrieveDeadLetter)
  async retrieve({ params }: CallOf<typeof endpoints.retrieveDeadLetter>) {
    const id = params.dead_letter_id;
    const letter = await this.store.find(id);
    if (!letter) throw new DeadLetterNotFoundError(id);
    const data = letter.status === 'discarded' ? null : (await this.store.payload(id)).data;
    return { ...toWire(letter), data };
  }

  @Serve(endpoints.retryDeadLetter)
  async retry({ params }: CallOf<typeof endpoints.retryDeadLetter>) {
    return toWire(await this.deadLetters.retry(params.dead_letter_id));
  }

  @Serve(endpoints.discardDeadLetter)
  async discard({ params }: CallOf<typeof endpoints.discardDeadLetter>) {
    return toWire(await this.deadLetters.discard(params.dead_letter_id));
  }

  @Serve(endpoints.retryDeadLetters)
  retryAll({ query }: CallOf<typeof endpoints.retryDeadLetters>) {
    return this.deadLetters.retryWhere(filterOf(query));
  }

  @Serve(endpoints.discardDeadLetters)
  async discardAll({ query }: CallOf<typeof endpoints.discardDeadLetters>) {
    return { discarded: await this.deadLetters.discardWhere(filterOf(query)) };
  }
}

const toWire = (letter: DeadLetter): z.input<typeof endpoints.DeadLetterShape> => ({
  id: letter.id,
  queue: letter.queue,
  job: letter.jobName,
  job_id: letter.jobId,
  code: letter.code,
  reason: letter.reason,
  attempts: letter.attempts,
  status: letter.status,
  failed_at: letter.failedAt.toISOString(),
  resolved_at: letter.resolvedAt?.toISOString() ?? null,
});
