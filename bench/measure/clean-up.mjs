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

async function closeAll() {
  for (const close of [...open].reverse()) {
    open.delete(close);
    await close();
  }
}
