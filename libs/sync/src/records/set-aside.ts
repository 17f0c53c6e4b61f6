import type { Logger } from '#platform';
import type { Portion } from '#queue';
import { poisonedRecord, RECORD_POISONED, type Unusable } from './observation.js';

/** Tells of records that took down whoever handled them; nothing else is said of them from then on. */
export function setAside<T>(
  { poisoned }: Portion<T>,
  idOf: (item: T) => string,
  log: Logger,
  of: Readonly<Record<string, string>>,
): Unusable[] {
  return poisoned.map(({ item, reason }) => {
    const record = idOf(item);
    log.error({ ...of, record, code: RECORD_POISONED, reason }, 'set aside');
    return poisonedRecord(record, reason);
  });
}
