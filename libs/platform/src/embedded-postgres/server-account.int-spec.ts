import { execFileSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { describe, expect, it } from '@jest/globals';
import { isRoot, serverAccount } from './server-account.js';

(isRoot() ? describe : describe.skip)("the server's account under root", () => {
  const name = `rollcall-${randomBytes(4).toString('hex')}`;

  it('is created when it is missing, and found the next time', () => {
    try {
      const created = serverAccount('/nowhere', name);
      expect(created.uid).toBeGreaterThan(0);
      expect(serverAccount('/nowhere', name)).toEqual(created);
    } finally {
      execFileSync('userdel', [name]);
    }
  });

  it('says what to do when it cannot be created', () => {
    expect(() => serverAccount('/nowhere', 'not a name')).toThrow('or set DATABASE_URL');
  });
});
