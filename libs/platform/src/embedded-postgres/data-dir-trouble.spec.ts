import { describe, expect, it } from '@jest/globals';
import { dataDirTrouble, dataDirTroubleIn } from './data-dir-trouble.js';

const failed = (code: string, syscall: string) =>
  Object.assign(new Error(`${code}: said, ${syscall} '/data'`), { code, syscall });

describe('trouble with a data directory', () => {
  it.each([
    ['EACCES', 'mkdir', 'may not write there'],
    ['EPERM', 'open', 'may not write there'],
    ['EROFS', 'open', 'read-only'],
    ['ENOSPC', 'write', 'full'],
    ['EDQUOT', 'write', 'full'],
    ['ENOTDIR', 'mkdir', 'not a folder'],
    ['EIO', 'read', 'fails to read or write'],
    ['EPERM', 'link', 'lacks the links, owners or permissions'],
    ['EPERM', 'symlink', 'lacks the links, owners or permissions'],
    ['EPERM', 'chown', 'lacks the links, owners or permissions'],
    ['ENOTSUP', 'link', 'lacks the links, owners or permissions'],
    ['ENOSYS', 'chmod', 'lacks the links, owners or permissions'],
  ])('is said of %s from %s', (code, syscall, reason) =>
    expect(dataDirTrouble('/data', failed(code, syscall))).toMatchObject({
      code: 'DATA_DIR_UNUSABLE',
      message: expect.stringMatching(`^ROLLCALL_DATA_DIR: the folder /data .*${reason}.*DATABASE_URL`),
    }),
  );

  it.each<[string, unknown]>([
    ['a program that is missing', failed('ENOENT', 'spawn initdb')],
    ['a port', failed('EACCES', 'listen')],
    ['a process', failed('EPERM', 'kill')],
    ['too many open files', failed('EMFILE', 'open')],
    ['anything else', new Error('another')],
    ['a text', 'a text'],
    ['nothing', undefined],
  ])('is not said of %s', (_, error) => expect(dataDirTrouble('/data', error)).toBe(error));

  it.each([
    ['initdb: error: could not write file "x": No space left on device', 'full'],
    [
      'initdb: error: could not change permissions of directory "x": Operation not permitted',
      'lacks the links',
    ],
    ['2026 UTC [1] FATAL:  could not create lock file "postmaster.pid": Read-only file system', 'read-only'],
    ['2026 UTC [1] PANIC:  could not write to file "pg_wal/1": Disk quota exceeded', 'full'],
    ['2026 UTC [1] FATAL:  data directory "x" has invalid permissions', 'lacks the links'],
    ['2026 UTC [1] FATAL:  could not open file "x": Permission denied', 'may not write there'],
  ])('is heard in “%s”', (line, reason) =>
    expect(dataDirTroubleIn('/data', `before\n${line}\nafter`)?.message).toMatch(reason),
  );

  it.each([
    '2026 UTC [1] LOG:  could not remove file "x": Permission denied',
    '2026 UTC [1] FATAL:  unrecognized configuration parameter "x"',
    '',
  ])('is not heard in “%s”', (line) => expect(dataDirTroubleIn('/data', line)).toBeUndefined());
});
