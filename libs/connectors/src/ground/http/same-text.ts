import { createHash, timingSafeEqual } from 'node:crypto';

/** In constant time. Both sides are hashed to one length first: `timingSafeEqual` throws on two different ones. */
export function sameText(expected: string, given: string): boolean {
  const digest = (text: string) => createHash('sha256').update(text).digest();
  return timingSafeEqual(digest(expected), digest(given));
}
