import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { jobKeyOf, retryJobId } from './job-key.js';

describe('a job key', () => {
  it('tells apart two jobs that had the same id, before and after the queue was lost', () =>
    expect(jobKeyOf({ queue: 'q', id: '1', timestamp: 1 })).not.toBe(
      jobKeyOf({ queue: 'q', id: '1', timestamp: 2 }),
    ));

  it('stays the same when the job comes back from the dead letters, again and again', () => {
    fc.assert(
      fc.property(fc.string({ minLength: 1 }), fc.nat(), fc.nat(), fc.nat(), (id, added, failed, again) => {
        const key = jobKeyOf({ queue: 'q', id, timestamp: added });
        const retried = retryJobId(key, new Date(failed));
        expect(jobKeyOf({ queue: 'q', id: retried, timestamp: again })).toBe(key);
      }),
    );
  });

  it('does not take the key of another queue out of an id', () => {
    const id = retryJobId('other:1:2', new Date(5));
    expect(jobKeyOf({ queue: 'q', id, timestamp: 3 })).toBe(`q:${id}:3`);
  });

  it('stays short and free of NUL whatever the id', () => {
    fc.assert(
      fc.property(fc.oneof(fc.string({ minLength: 129 }), fc.constant('a\0b')), (id) => {
        const key = jobKeyOf({ queue: 'q', id, timestamp: 1 });
        expect(key.length).toBeLessThan(200);
        expect(key).not.toContain('\0');
      }),
    );
  });

  it('comes back under one id for each failure', () => {
    expect(retryJobId('q:1:2', new Date(5))).toBe(retryJobId('q:1:2', new Date(5)));
    expect(retryJobId('q:1:2', new Date(5))).not.toBe(retryJobId('q:1:2', new Date(6)));
  });

  it('makes retry ids that BullMQ takes: no colon, not all digits', () =>
    expect(retryJobId('q:1:1700000000000', new Date())).toMatch(/^retry-[\w-]+$/));
});
