/** Nodes of a JSONata tree. JSONata goes at most this deep into an expression without functions of its own. */
export function treeSize(part: unknown): number {
  if (typeof part !== 'object' || part === null) return 0;
  const inside = Object.values(part).reduce<number>((sum, child) => sum + treeSize(child), 0);
  return 'type' in part ? 1 + inside : inside;
}
