import { EXPRESSION_BOUNDS } from '../expression-bounds.js';
import { FUNCTIONS } from './direct-functions.js';
import { negative, OPERATORS } from './direct-operators.js';
import { type Filter, filteredBy, type PathStep, pathOf } from './direct-path.js';
import { Scope } from './direct-scope.js';
import { boundedList, isObject, isTrue } from './direct-values.js';
import { spend } from './direct-work.js';
import { LeftToJsonata, leaveToJsonata } from './left-to-jsonata.js';
import { treeSize } from './tree-size.js';

/** Instead of a value: this input is one for JSONata itself. */
export const ELSEWHERE = Symbol('left to JSONata');

export type DirectExpression = (input: unknown) => unknown;

/**
 * The part of JSONata that mappings of CRM records are made of, as plain functions: JSONata walks the same tree with
 * a promise at every node, which takes some twenty times longer. It gives what JSONata gives, or `ELSEWHERE`; `null`
 * when something in the expression is beyond it. Every rule here is one of `jsonata.js`, and the spec compares the two.
 */
export function compileDirect(tree: unknown): DirectExpression | null {
  if (treeSize(tree) > EXPRESSION_BOUNDS.depth) return null;
  const scope = new Scope();
  const evaluate = orElsewhere(() => compile(tree as Node, scope));
  if (evaluate === ELSEWHERE) return null;
  return (input) =>
    Array.isArray(input) ? ELSEWHERE : orElsewhere(() => evaluate(input, new Array(scope.size)));
}

/** A `RangeError` is a text or a stack grown too large, which is JSONata's to say as well. */
export function orElsewhere<Value>(evaluate: () => Value): Value | typeof ELSEWHERE {
  try {
    return evaluate();
  } catch (error) {
    if (error instanceof LeftToJsonata || error instanceof RangeError) return ELSEWHERE;
    throw error;
  }
}

/** A node of JSONata's tree; the published type knows only some of its fields. */
interface Node {
  readonly type: string;
  readonly value?: unknown;
  readonly steps?: readonly Node[];
  readonly stages?: readonly Node[];
  readonly predicate?: readonly Node[];
  readonly expr?: Node;
  readonly expression?: Node;
  readonly expressions?: readonly Node[];
  readonly condition?: Node;
  readonly then?: Node;
  readonly else?: Node;
  readonly lhs?: Node;
  readonly rhs?: Node;
  readonly procedure?: Node;
  readonly arguments?: readonly Node[];
}

type Evaluate = (context: unknown, variables: unknown[]) => unknown;

function compile(node: Node | undefined, scope: Scope): Evaluate {
  if (!node) return leaveToJsonata();
  const { predicate, ...bare } = node;
  const evaluate = compileBare(bare, scope);
  if (!predicate) return evaluate;
  const filters = compileFilters(predicate, scope);
  return (context, variables) => filteredBy(filters, evaluate(context, variables));
}

function compileBare(node: Node, scope: Scope): Evaluate {
  switch (node.type) {
    case 'string':
    case 'number':
    case 'value':
      return compileLiteral(only(node));
    case 'variable':
      return compileVariable(only(node), scope);
    case 'path':
      return compilePath(only(node, 'steps'), scope);
    case 'binary':
      return compileOperator(only(node, 'lhs', 'rhs'), scope);
    case 'unary':
      return node.value === '-'
        ? compileNegative(only(node, 'expression'), scope)
        : compileList(only(node, 'expressions'), scope);
    case 'condition':
      return compileCondition(only(node, 'condition', 'then', 'else'), scope);
    case 'block':
      return compileBlock(only(node, 'expressions'), scope.inner());
    case 'function':
      return compileCall(only(node, 'name', 'arguments', 'procedure'), scope);
    default:
      return leaveToJsonata();
  }
}

/** A node with more to it, such as `tags[]` or an order, is not what its type says here. */
function only(node: Node, ...fields: readonly string[]): Node {
  const known = ['type', 'value', 'position', ...fields];
  return Object.keys(node).every((field) => known.includes(field)) ? node : leaveToJsonata();
}

function compileLiteral({ value }: Node): Evaluate {
  return () => value;
}

function compileVariable({ value: name }: Node, scope: Scope): Evaluate {
  const slot = scope.slotOf(name);
  return (_context, variables) => variables[slot];
}

function compilePath({ steps = [] }: Node, scope: Scope): Evaluate {
  return pathOf(steps.map((step) => compileStep(only(step, 'stages'), scope)));
}

function compileStep({ type, value, stages = [] }: Node, scope: Scope): PathStep {
  return type === 'name' ? { name: String(value), filters: compileFilters(stages, scope) } : leaveToJsonata();
}

function compileFilters(stages: readonly Node[], scope: Scope): Filter[] {
  return stages.map(({ type, expr }) => {
    if (type !== 'filter') return leaveToJsonata();
    if (expr?.type === 'number') return Number(only(expr).value);
    const evaluate = compile(expr, scope.ofItems());
    const steps = treeSize(expr);
    return (item) => {
      spend(steps);
      return evaluate(item, NO_VARIABLES);
    };
  });
}

const NO_VARIABLES: unknown[] = [];

function compileOperator(node: Node, scope: Scope): Evaluate {
  const left = compile(node.lhs, scope);
  const right = compile(node.rhs, scope);
  if (node.value === 'and') return (c, v) => isTrue(left(c, v)) && isTrue(right(c, v));
  if (node.value === 'or') return (c, v) => isTrue(left(c, v)) || isTrue(right(c, v));
  const operator = OPERATORS.get(node.value) ?? leaveToJsonata();
  return (context, variables) => operator(left(context, variables), right(context, variables));
}

function compileNegative({ expression }: Node, scope: Scope): Evaluate {
  const evaluate = compile(expression, scope);
  return (context, variables) => negative(evaluate(context, variables));
}

/** Lists become part of the list, unless they are written as one: `[[1], tags]`. */
function compileList({ value, expressions = [] }: Node, scope: Scope): Evaluate {
  if (value !== '[') return leaveToJsonata();
  const items = expressions.map((node) => ({ evaluate: compile(node, scope), whole: node.value === '[' }));
  return (context, variables) => {
    const list: unknown[] = [];
    for (const { evaluate, whole } of items) {
      const item = evaluate(context, variables);
      if (Array.isArray(item) && !whole) list.push(...boundedList(item));
      else if (item !== undefined) list.push(item);
    }
    return boundedList(list);
  };
}

function compileCondition(node: Node, scope: Scope): Evaluate {
  const condition = compile(node.condition, scope);
  const yes = compile(node.then, scope);
  const no = node.else ? compile(node.else, scope) : () => undefined;
  return (context, variables) =>
    isTrue(condition(context, variables)) ? yes(context, variables) : no(context, variables);
}

function compileBlock({ expressions = [] }: Node, scope: Scope): Evaluate {
  const steps = expressions.map((node) =>
    node.type === 'bind' ? compileBinding(node, scope) : compile(node, scope),
  );
  return (context, variables) => {
    let value: unknown;
    for (const step of steps) value = step(context, variables);
    return value;
  };
}

/** Only as a line of a block: anywhere else it counts when and whether it is reached. */
function compileBinding(node: Node, scope: Scope): Evaluate {
  const { lhs, rhs } = only(node, 'lhs', 'rhs');
  const evaluate = compile(rhs, scope);
  const slot = scope.declare(lhs && only(lhs).value);
  return (context, variables) => {
    variables[slot] = evaluate(context, variables);
    return variables[slot];
  };
}

function compileCall(node: Node, scope: Scope): Evaluate {
  const { type, value: name } = only(node.procedure ?? leaveToJsonata());
  const called = type === 'variable' && !scope.has(name) ? FUNCTIONS.get(name) : undefined;
  const values = (node.arguments ?? []).map((argument) => compile(argument, scope));
  if (!called || values.length < called.least || values.length > called.most) return leaveToJsonata();
  const { call } = called;
  const [first] = values;
  if (first && values.length === 1) return (context, variables) => call(argument(first(context, variables)));
  return (context, variables) => call(...values.map((evaluate) => argument(evaluate(context, variables))));
}

/** An object passes as well, unless JSONata would take it for a function. */
function argument(value: unknown): unknown {
  isObject(value);
  return value;
}
