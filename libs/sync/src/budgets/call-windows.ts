import type { RateSpec } from '#connectors';
import type { CallWindow } from '#queue';

/**
 * The windows that a call to `path` counts in. Polling (`pollingShare` is not null) counts in a smaller one as well:
 * what lies between the two is what webhooks can always have.
 */
export function callWindows(
  limits: readonly RateSpec[],
  path: string,
  pollingShare: number | null,
): CallWindow[] {
  return limits.flatMap((spec, index) => {
    if (!path.includes(spec.path ?? '')) return [];
    const whole = { name: `${index}`, limit: spec.requests, perMs: withSlack(spec.perMs) };
    if (pollingShare === null) return [whole];
    // The smallest budget has one call for polling all the same.
    const limit = Math.max(1, Math.floor(spec.requests * pollingShare));
    return [whole, { ...whole, name: `${index}-polling`, limit }];
  });
}

/** Calls travel: two that left a window apart may arrive a little closer together. */
function withSlack(perMs: number): number {
  return perMs + Math.min(250, Math.ceil(perMs / 10));
}
