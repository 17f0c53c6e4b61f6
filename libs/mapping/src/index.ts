export { ELSEWHERE } from './direct/direct-expression.js';
export * from './expression.errors.js';
export { EXPRESSION_BOUNDS } from './expression-bounds.js';
export {
  compileExpressions,
  type EvaluateOptions,
  type Expression,
  type ExpressionFault,
  Expressions,
} from './expressions.js';
