import { type DynamicModule, Module } from '@nestjs/common';
import type { DeadLetterStore, DeadLetters } from '#queue';
import { DEAD_LETTER_STORE, DEAD_LETTERS, DeadLettersController } from './dead-letters.controller.js';

export interface DeadLettersParts {
  readonly deadLetters: DeadLetters;
  readonly deadLetterStore: DeadLetterStore;
}

/** Dead letters over REST, for `createApi({ modules })`. */
@Module({})
export class DeadLettersModule {
  static over({ deadLetters, deadLetterStore }: DeadLettersParts): DynamicModule {
    return {
      module: DeadLettersModule,
      controllers: [DeadLettersController],
      providers: [
        { provide: DEAD_LETTERS, useValue: deadLetters },
        { provide: DEAD_LETTER_STORE, useValue: deadLetterStore },
      ],
    };
  }
}
