import { createHash } from 'node:crypto';
import { readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

/** What is made of the sources, and what no build reads. */
const NOT_BUILT = /^prisma\/generated\/|\.(int-)?spec\.ts$/;

/** Of names, sizes and times of change: reading them all would take as long as a person notices. */
export function fingerprintOf(places) {
  const hash = createHash('sha256');
  for (const file of places.flatMap(filesBelow).sort()) {
    const { size, mtimeMs } = statSync(file);
    if (!NOT_BUILT.test(file)) hash.update(`${file} ${size} ${mtimeMs}\n`);
  }
  return hash.digest('hex');
}

function filesBelow(place) {
  if (statSync(place).isFile()) return [place];
  return readdirSync(place, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map(({ parentPath, name }) => path.join(parentPath, name));
}

/** Runs `work` while no other process does. A lock whose process was killed is nobody's. */
export async function alone(lock, work) {
  while (!takes(lock)) await sleep(100);
  process.once('exit', () => rmSync(lock, { force: true }));
  await work();
}

function takes(lock) {
  try {
    writeFileSync(lock, String(process.pid), { flag: 'wx' });
    return true;
  } catch (error) {
    if (error.code !== 'EEXIST') throw error;
    if (!isHeld(lock)) rmSync(lock, { force: true });
    return false;
  }
}

function isHeld(lock) {
  try {
    process.kill(Number(readFileSync(lock, 'utf8')), 0);
    return true;
  } catch (error) {
    return error.code === 'EPERM';
  }
}
