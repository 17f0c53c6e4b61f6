import { ExpressionError, HopelessExpressionsError } from './expression.errors.js';
import { EXPRESSION_BOUNDS } from './expression-bounds.js';
import { askAll, Stopped } from './processes/ask-all.js';
import type { Budget } from './processes/budget.js';
import { expressionProcesses } from './processes/expression-processes.js';
import type { EvaluateItem, FieldAnswer } from './protocol.js';

/** A record with expressions that take the whole of JSONata. */
export interface Elsewhere {
  /** Of the record among the results. */
  readonly place: number;
  readonly item: EvaluateItem;
}

interface Places {
  readonly field: string;
  readonly source: string;
}

/**
 * Fills in what these records give.
 * @throws HopelessExpressionsError unless there is a budget; ExpressionsUnavailableError
 */
export async function evaluateElsewhere(
  expressions: readonly Places[],
  elsewhere: readonly Elsewhere[],
  results: unknown[][],
  budget?: Budget,
): Promise<void> {
  const evaluator = new Evaluator(expressions, budget);
  const hope = new Hope(expressions);
  let next = 0;
  for await (const answers of evaluator.ask(elsewhere.map(({ item }) => item)))
    for (const answer of answers) {
      const { place, item } = elsewhere[next++] as Elsewhere;
      const fields = answer instanceof Stopped ? await evaluator.blame(item, answer) : answer;
      const values = fields.map(valueOrError);
      for (const [at, value] of values.entries())
        (results[place] as unknown[])[item.wanted[at] as number] = value;
      if (!budget) hope.look(place, item, values);
    }
}

class Evaluator {
  private readonly sources: readonly string[];

  constructor(
    expressions: readonly Places[],
    private readonly budget: Budget | undefined,
  ) {
    this.sources = expressions.map(({ source }) => source);
  }

  ask(items: readonly EvaluateItem[]): AsyncGenerator<readonly (FieldAnswer[] | Stopped)[], void, undefined> {
    const taskOf = (some: readonly EvaluateItem[]) =>
      ({ kind: 'evaluate', sources: this.sources, items: some }) as const;
    return askAll(expressionProcesses, { items, taskOf, budget: this.budget });
  }

  /** Which expression of a record it was; one after the other, until one ends its process again. */
  async blame({ record, wanted }: EvaluateItem, { reason }: Stopped): Promise<FieldAnswer[]> {
    if (wanted.length === 1) return [limitFault(reason)];
    const alone = wanted.map((place) => ({ record, wanted: [place] }));
    const culprit = await this.firstStopped(alone);
    return wanted.map((_, at) => limitFault(at === (culprit ?? 0) ? reason : NOT_EVALUATED));
  }

  private async firstStopped(items: readonly EvaluateItem[]): Promise<number | undefined> {
    for (const [at, item] of items.entries())
      for await (const [answer] of this.ask([item])) if (answer instanceof Stopped) return at;
    return undefined;
  }
}

const NOT_EVALUATED = 'was not evaluated: another expression of the record had to be stopped';

const limitFault = (reason: string): FieldAnswer => ({ fault: { code: 'EXPRESSION_LIMIT', reason } });

function valueOrError(answer: FieldAnswer): unknown {
  return 'fault' in answer ? new ExpressionError(answer.fault.code, answer.fault.reason) : answer.value;
}

/** Lost when records are stopped one after the other, or many of them. */
class Hope {
  private stopped = 0;
  private inARow = 0;
  private last = -1;

  constructor(private readonly expressions: readonly Places[]) {}

  /** @throws HopelessExpressionsError */
  look(place: number, { wanted }: EvaluateItem, values: readonly unknown[]): void {
    const at = values.findIndex(isCulprit);
    if (at < 0) return;
    this.inARow = place === this.last + 1 ? this.inARow + 1 : 1;
    this.last = place;
    this.stopped += 1;
    const { stoppedInARow, stopped } = EXPRESSION_BOUNDS;
    if (this.inARow < stoppedInARow && this.stopped < stopped) return;
    const { field } = this.expressions[wanted[at] as number] as Places;
    throw new HopelessExpressionsError(field, (values[at] as ExpressionError).message, this.stopped);
  }
}

const isCulprit = (value: unknown): boolean =>
  value instanceof ExpressionError && value.code === 'EXPRESSION_LIMIT' && value.message !== NOT_EVALUATED;
