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

/**
 * How far apart the calls for webhooks have to be for what is left of each window to last until it is whole again: at
 * least the share of it that polling does not touch.
 */
export function callSpacingMs(
  windows: readonly CallWindow[],
  left: readonly number[],
  webhookShare: number,
): number {
  const spacings = windows.map(({ limit, perMs }, index) => {
    const calls = Math.max(left[index] ?? limit, limit * webhookShare, 1);
    return perMs / calls;
  });
  return Math.ceil(Math.max(0, ...spacings));
}

/** Calls travel: two that left a window apart may arrive a little closer together. */
function withSlack(perMs: number): number {
  return perMs + Math.min(250, Math.ceil(perMs / 10));
}
