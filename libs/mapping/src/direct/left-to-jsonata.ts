/**
 * Thrown where only JSONata can say what is meant: a value that its rules treat in a special way, or a fault, which
 * it words itself. One object for all, because taking a stack trace would cost more than evaluating.
 */
export class LeftToJsonata extends Error {
  override readonly name = 'LeftToJsonata';
}

const LEFT_TO_JSONATA = new LeftToJsonata();

export function leaveToJsonata(): never {
  throw LEFT_TO_JSONATA;
}
