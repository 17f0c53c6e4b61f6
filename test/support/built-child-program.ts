import path from 'node:path';
import { projectRoot } from '#platform';
import { ensureBuilt } from './built.mjs';

let isBuilt = false;

/** Stands for `libs/mapping/src/processes/child-program.ts` in pure specs, which nobody builds anything for. */
export function childProgram(): string {
  if (!isBuilt) ensureBuilt();
  isBuilt = true;
  return path.join(projectRoot(), 'dist/libs/mapping/src/child/main.js');
}
