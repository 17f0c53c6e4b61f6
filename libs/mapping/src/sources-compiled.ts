import { withCopiedValues } from './direct/copied-values.js';
import { compileDirect, type DirectExpression, ELSEWHERE } from './direct/direct-expression.js';
import { ExpressionError } from './expression.errors.js';
import { EXPRESSION_BOUNDS } from './expression-bounds.js';
import { askAll, Stopped } from './processes/ask-all.js';
import { Budget } from './processes/budget.js';
import { expressionProcesses } from './processes/expression-processes.js';
import type { CompileAnswer } from './protocol.js';

export interface CompiledSource {
  readonly volatile: boolean;
  readonly direct: DirectExpression;
}

/** In the order of the sources. One that was compiled lately is not compiled again. */
export async function sourcesCompiled(
  sources: readonly string[],
): Promise<(CompiledSource | ExpressionError)[]> {
  const missing = [...new Set(sources)].filter((source) => !compiled.has(source));
  const found = new Map<string, CompiledSource | ExpressionError | undefined>(
    sources.map((source) => [source, compiled.get(source)]),
  );
  for (const [source, made] of await compileAll(missing)) {
    found.set(source, made);
    keep(source, made);
  }
  return sources.map((source) => found.get(source) as CompiledSource | ExpressionError);
}

async function compileAll(
  sources: readonly string[],
): Promise<Map<string, CompiledSource | ExpressionError>> {
  const made = new Map<string, CompiledSource | ExpressionError>();
  if (sources.length === 0) return made;
  const budget = new Budget(EXPRESSION_BOUNDS.compileMs);
  const taskOf = (items: readonly string[]) => ({ kind: 'compile', items }) as const;
  const inquiry = { items: sources, taskOf, budget };
  for await (const answers of askAll<string, CompileAnswer>(expressionProcesses, inquiry))
    for (const answer of answers) made.set(sources[made.size] as string, compiledOf(answer));
  return made;
}

function compiledOf(answer: CompileAnswer | Stopped): CompiledSource | ExpressionError {
  if (answer instanceof Stopped)
    return new ExpressionError('INVALID_EXPRESSION', `takes too much to compile: it ${answer.reason}`);
  if ('fault' in answer) return new ExpressionError(answer.fault.code, answer.fault.reason);
  return { volatile: answer.volatile, direct: directOf(answer.tree) };
}

function directOf(tree: unknown): DirectExpression {
  const direct = tree === null ? null : compileDirect(tree);
  return direct ? withCopiedValues(direct) : () => ELSEWHERE;
}

/** Faults are not kept: a machine that was busy then may have time now. */
function keep(source: string, made: CompiledSource | ExpressionError): void {
  if (made instanceof ExpressionError) return;
  if (compiled.size >= KEPT) compiled.clear();
  compiled.set(source, made);
}

const KEPT = 2_000;
const compiled = new Map<string, CompiledSource>();
