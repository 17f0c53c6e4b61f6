import type { LoggerService } from '@nestjs/common';
import { createLogger } from './logger.js';

/** Nest's own messages through our JSON logger: its start-up chatter is debug, the rest keeps its level. */
export class NestLogger implements LoggerService {
  private readonly logger = createLogger('nest');

  log(message: unknown, context?: unknown): void {
    this.logger.debug({ context }, String(message));
  }

  warn(message: unknown, context?: unknown): void {
    this.logger.warn({ context }, String(message));
  }

  error(message: unknown, stackOrContext?: unknown, context?: unknown): void {
    this.logger.error(
      { context: context ?? stackOrContext, err: message instanceof Error ? message : undefined },
      String(message),
    );
  }

  debug(message: unknown, context?: unknown): void {
    this.logger.debug({ context }, String(message));
  }

  verbose(message: unknown, context?: unknown): void {
    this.logger.trace({ context }, String(message));
  }
}
