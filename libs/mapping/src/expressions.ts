import { Stretches } from '#platform';
import { type DirectExpression, ELSEWHERE } from './direct/direct-expression.js';
import { withinDirectWork } from './direct/direct-work.js';
import { type Elsewhere, evaluateElsewhere } from './evaluate-elsewhere.js';
import { ExpressionError } from './expression.errors.js';
import { Budget } from './processes/budget.js';
import { sourcesCompiled } from './sources-compiled.js';

/** A compiled expression of a document. */
export interface Expression {
  /** Where it stands in its document, such as `properties.plan`. */
  readonly field: string;
  readonly source: string;
  /** Whether the same record may give something else the next time. */
  readonly volatile: boolean;
  /** What it gives, or `ELSEWHERE` for what takes the whole of JSONata. */
  readonly direct: DirectExpression;
}

export interface ExpressionFault {
  readonly field: string;
  readonly error: ExpressionError;
}

export interface EvaluateOptions {
  /** For all records together, in milliseconds; without it, each record has its own time only. */
  readonly budgetMs?: number;
}

/** All expressions of a document, compiled; evaluated together, record by record. */
export class Expressions {
  constructor(readonly all: readonly Expression[]) {}

  get volatile(): boolean {
    return this.all.some(({ volatile }) => volatile);
  }

  /**
   * For each record, what each expression gives, in their order: a value, `undefined` where the record has nothing to say,
   * or an `ExpressionError`.
   * @throws HopelessExpressionsError, ExpressionsUnavailableError
   */
  async evaluate(records: readonly unknown[], { budgetMs }: EvaluateOptions = {}): Promise<unknown[][]> {
    const results: unknown[][] = [];
    const elsewhere: Elsewhere[] = [];
    const stretches = new Stretches();
    for (const [place, record] of records.entries()) {
      const values = withinDirectWork(() => this.all.map(({ direct }) => direct(record)));
      results.push(values);
      const wanted = values.flatMap((value, at) => (value === ELSEWHERE ? [at] : []));
      if (wanted.length > 0) elsewhere.push({ place, item: { record, wanted } });
      if (stretches.over) await stretches.giveTurn();
    }
    const budget = budgetMs === undefined ? undefined : new Budget(budgetMs);
    if (elsewhere.length > 0) await evaluateElsewhere(this.all, elsewhere, results, budget);
    return results;
  }
}

/**
 * Compiles the expressions of a document, which are given by their place in it. What JSONata itself is needed for happens
 * in child processes, here as in `evaluate`.
 * @throws ExpressionsUnavailableError
 */
export async function compileExpressions(
  sources: readonly { readonly field: string; readonly source: string }[],
): Promise<{ readonly expressions: Expressions; readonly faults: readonly ExpressionFault[] }> {
  const compiled = await sourcesCompiled(sources.map(({ source }) => source));
  const all: Expression[] = [];
  const faults: ExpressionFault[] = [];
  for (const [place, { field, source }] of sources.entries()) {
    const made = compiled[place];
    if (made instanceof ExpressionError) faults.push({ field, error: made });
    else if (made) all.push({ field, source, ...made });
  }
  return { expressions: new Expressions(all), faults };
}
