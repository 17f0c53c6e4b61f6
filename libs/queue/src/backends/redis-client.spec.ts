import { describe, expect, it } from '@jest/globals';
import { takesNoWrites } from './redis-client.js';

describe('an answer of Redis', () => {
  it.each([
    "READONLY You can't write against a read only replica.",
    "READONLY You can't write against a read only replica. script: 1b8f, on @user_script:3.",
    "ERR Error running script (call to f_1b8f): @user_script:3: @user_script: 3: -READONLY You can't write against a read only replica.",
    "ERR Error running script (call to f_1b8f): @user_script:3: -OOM command not allowed when used memory > 'maxmemory'.",
    "OOM command not allowed when used memory > 'maxmemory'.",
    'LOADING Redis is loading the dataset in memory',
    "MASTERDOWN Link with MASTER is down and replica-serve-stale-data is set to 'no'.",
    'NOREPLICAS Not enough good replicas to write.',
    'MISCONF Redis is configured to save RDB snapshots, but it is currently not able to persist on disk.',
    'UNBLOCKED force unblock from blocking operation, instance state changed (master -> replica?)',
    "NOPERM User jobs has no permissions to run the 'set' command",
    'NOAUTH Authentication required.',
  ])('refuses writes: %s', (message) => expect(takesNoWrites(new Error(message))).toBe(true));

  it.each([
    'NOSCRIPT No matching script. Please use EVAL.',
    'MOVED 866 127.0.0.1:7001',
    'CLUSTERDOWN The cluster is down',
    'WRONGTYPE Operation against a key holding the wrong kind of value',
    "ERR unknown command 'READONLY', with args beginning with: ",
    'Connection is closed.',
  ])('is about something else: %s', (message) => expect(takesNoWrites(new Error(message))).toBe(false));
});
