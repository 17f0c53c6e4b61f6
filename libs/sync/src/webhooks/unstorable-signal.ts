import { createHash } from 'node:crypto';
import type { Signal } from '#connectors';
import { isStorable, isStorableTime, Stretches, storableForm } from '#platform';

/** A signal that cannot be stored as it is, and why. */
export interface UnstorableSignal {
  readonly signal: Signal;
  readonly reason: string;
}

/** In characters: what an index can hold, however many bytes each takes. */
const LONGEST_ID = 256;
const LONGEST_KEY = 512;

/** Which signals can be stored, and which are set aside one by one: nobody else's signal waits for them. */
export async function sortOut(
  signals: readonly Signal[],
): Promise<{ storable: Signal[]; unstorable: UnstorableSignal[] }> {
  const stretches = new Stretches();
  const storable: Signal[] = [];
  const unstorable: UnstorableSignal[] = [];
  for (const signal of signals) {
    const reason = problemOf(signal);
    if (reason === undefined) storable.push(signal);
    else unstorable.push({ signal, reason });
    if (stretches.over) await stretches.giveTurn();
  }
  return { storable, unstorable };
}

export const REJECTED_BY_DATABASE = 'The database does not take it';

function problemOf({ id, mergedInto, dedupKey, occurredAt }: Signal): string | undefined {
  return (
    textProblem("The record's id", id, LONGEST_ID) ??
    textProblem('The id of the record it was merged into', mergedInto ?? '', LONGEST_ID) ??
    textProblem('What tells the event from others', dedupKey, LONGEST_KEY) ??
    (occurredAt === null || isStorableTime(new Date(occurredAt)) ? undefined : `Its time is not in ${YEARS}`)
  );
}

const YEARS = 'the years 1 to 9999';

function textProblem(what: string, text: string, longest: number): string | undefined {
  if (text.length > longest) return `${what} is longer than ${longest} characters`;
  return isStorable(text) ? undefined : `${what} holds NUL or half of a character pair`;
}

/** The row by which people see such a signal: as it is where that can be stored, else in a form that can. */
export const rowOf = ({ signal, reason }: UnstorableSignal) => ({
  dedupKey: `refused:${createHash('sha256').update(storableForm(signal.dedupKey)).digest('hex')}`,
  stream: signal.stream,
  id: storableForm(signal.id, LONGEST_ID),
  kind: signal.kind,
  mergedInto: signal.mergedInto === undefined ? null : storableForm(signal.mergedInto, LONGEST_ID),
  error: `UNSTORABLE: ${reason}`,
});
