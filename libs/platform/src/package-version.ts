import { readFileSync } from 'node:fs';
import path from 'node:path';
import { projectRoot } from './project-root.js';

/** The version of this code, as `package.json` has it. */
export const packageVersion = (): string =>
  JSON.parse(readFileSync(path.join(projectRoot(), 'package.json'), 'utf8')).version;
