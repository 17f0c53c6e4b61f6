import { treeSize } from '../direct/tree-size.js';
import { ExpressionError } from '../expression.errors.js';
import { EXPRESSION_BOUNDS } from '../expression-bounds.js';
import type { CompileAnswer, EvaluateItem, Fault, FieldAnswer } from '../protocol.js';
import { type JsonataExpression, jsonataExpression } from './jsonata-expression.js';

export function compileAnswer(source: string, isOverTime: () => boolean): CompileAnswer {
  try {
    const { tree, volatile } = compiledBefore(source, isOverTime);
    return { tree: treeSize(tree) <= EXPRESSION_BOUNDS.depth ? tree : null, volatile };
  } catch (error) {
    return { fault: faultOf(error) };
  }
}

/** The expressions of one record share its time and the size of what they give. */
export async function evaluateAnswer(
  sources: readonly string[],
  { record, wanted }: EvaluateItem,
  isOverTime: () => boolean,
): Promise<FieldAnswer[]> {
  const answers: FieldAnswer[] = [];
  let size = 0;
  for (const place of wanted) {
    const answer = await fieldAnswer(sources[place] ?? '', record, isOverTime);
    size += sizeOf(answer);
    answers.push(size > EXPRESSION_BOUNDS.text ? { fault: TOO_MUCH } : answer);
  }
  return answers;
}

async function fieldAnswer(source: string, record: unknown, isOverTime: () => boolean): Promise<FieldAnswer> {
  try {
    const value = await compiledBefore(source, isOverTime).evaluate(record);
    return value === undefined ? {} : { value };
  } catch (error) {
    return { fault: faultOf(error) };
  }
}

const TOO_MUCH: Fault = {
  code: 'EXPRESSION_LIMIT',
  reason: `gives more than ${EXPRESSION_BOUNDS.text} characters for one record`,
};

function sizeOf(answer: FieldAnswer): number {
  const { value } = answer as { value?: unknown };
  if (typeof value === 'string') return value.length;
  return typeof value === 'object' ? JSON.stringify(value).length : 0;
}

/** What is no fault of the expression ends the process, and the parent sees that. */
function faultOf(error: unknown): Fault {
  if (!(error instanceof ExpressionError)) throw error;
  return { code: error.code, reason: error.message };
}

/** Records come by the thousand and expressions seldom change. */
function compiledBefore(source: string, isOverTime: () => boolean): JsonataExpression {
  const known = compiled.get(source);
  if (known) return known;
  const expression = jsonataExpression(source, isOverTime);
  if (compiled.size === KEPT) compiled.clear();
  compiled.set(source, expression);
  return expression;
}

const KEPT = 500;
const compiled = new Map<string, JsonataExpression>();
