/** What is open, youngest last. */
const open = new Set();

/** Has `close` called when the run ends, also by a signal; answers a function that calls it now. */
export function closeLater(close) {
  open.add(close);
  return async () => {
    if (open.delete(close)) await close();
  };
}

/** Runs `work` and closes everything that is still open after it. */
export async function onEveryEnd(work) {
  const end = (signal) => closeAll().finally(() => process.exit(signal === 'SIGINT' ? 130 : 143));
  process.once('SIGINT', end);
  process.once('SIGTERM', end);
  try {
    await work();
  } finally {
    await closeAll();
    process.off('SIGINT', end);
    process.off('SIGTERM', end);
  }
}

/** Youngest first, and also what is opened meanwhile by work that a signal has interrupted. */
async function closeAll() {
  for (let close = [...open].at(-1); close; close = [...open].at(-1)) {
    open.delete(close);
    // One that cannot be closed keeps no other open.
    await close().catch((error) => console.error(`could not clean up: ${error.message}`));
  }
}
