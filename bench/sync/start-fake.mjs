import { fork } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { closeLater } from '../measure/clean-up.mjs';

/** @typedef {{ url: string, token: string, clientSecret: string, stop(): Promise<void> }} Fake */

/** Each answer takes `answerMs` longer than it has to. @returns {Promise<Fake>} */
export async function startFake(contacts, answerMs = 0) {
  const program = fileURLToPath(new URL('./fake.mjs', import.meta.url));
  // Of a profile of the bench, the fake is no part.
  const child = fork(program, { execArgv: [] });
  const exit = once(child, 'exit');
  const stop = closeLater(async () => {
    child.kill('SIGTERM');
    await exit;
  });
  child.send({ contacts, answerMs });
  const ended = exit.then(([code]) => Promise.reject(new Error(`the fake ended with code ${code}`)));
  const [fake] = await Promise.race([once(child, 'message'), ended]);
  ended.catch(() => {}); // From here on its end is ours.
  return { ...fake, stop };
}
