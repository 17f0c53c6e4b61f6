import { writeSync } from 'node:fs';

/** 128 and the number of SIGPIPE: what a shell sees of a program whose reader went away. */
const READER_GONE = 141;
const FAILED = 1;
const STANDARD_ERROR = 2;

const OUTPUTS = [process.stdout, process.stderr];
const failures = new Map<NodeJS.WriteStream, NodeJS.ErrnoException>();
const outputs = { areNeeded: true };

/**
 * Says what becomes of a program that cannot write what it has to say. A command exists for its output: it ends quietly
 * when its reader went away (`| head -1`), and with a sentence when the place is full. Node would end with a stack trace.
 */
export function guardOutputs(): void {
  for (const stream of OUTPUTS)
    stream.on('error', (error) => {
      failures.set(stream, error);
      if (outputs.areNeeded) process.exit();
    });
  // Here and not above, since whoever writes and ends the process at once (Commander's help) hears of no error.
  process.on('exit', () => {
    if (!outputs.areNeeded) return;
    const unwritten = OUTPUTS.find((stream) => failureOf(stream));
    if (unwritten) process.exitCode = codeFor(unwritten);
  });
}

/** A service exists for its clients: from here on it goes on when nobody takes its greeting and logs, and they are lost. */
export function outliveReaders(): void {
  outputs.areNeeded = false;
}

const GONE = ['EPIPE', 'ECONNRESET', 'ERR_STREAM_DESTROYED', 'ERR_STREAM_WRITE_AFTER_END'];

/** A terminal that was closed answers EIO; of a file that is a broken disk. */
const isReaderGone = ({ code = '' }: NodeJS.ErrnoException, isTerminal: boolean): boolean =>
  GONE.includes(code) || (code === 'EIO' && isTerminal);

/** Node takes it off the stream once it has told it. */
const failureOf = (stream: NodeJS.WriteStream): NodeJS.ErrnoException | null =>
  failures.get(stream) ?? stream.errored;

function codeFor(output: NodeJS.WriteStream): number {
  const error = failureOf(output);
  if (!error || isReaderGone(error, output.isTTY)) return READER_GONE;
  if (output === process.stdout) sayWhy(error);
  return FAILED;
}

function sayWhy({ code, message }: NodeJS.ErrnoException): void {
  try {
    writeSync(STANDARD_ERROR, `Standard output cannot be written: ${REASONS[code ?? ''] ?? message}\n`);
  } catch {
    process.exitCode = FAILED; // Nobody is left to tell: the exit code says it.
  }
}

const REASONS: Readonly<Record<string, string>> = {
  ENOSPC: 'no space is left on the device (ENOSPC). Make room, or write elsewhere.',
  EDQUOT: 'the quota of this user is used up (EDQUOT). Make room, or write elsewhere.',
  EFBIG: 'the file would become larger than is allowed (EFBIG). Write elsewhere.',
  EIO: 'the device does not work (EIO). Write elsewhere.',
};
