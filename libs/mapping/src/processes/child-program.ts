import path from 'node:path';
import { projectRoot } from '#platform';

/** Node runs what was built: specs, which run from the sources, find it there as well. */
export const childProgram = (): string =>
  path.join(projectRoot(), 'dist', 'libs', 'mapping', 'src', 'child', 'main.js');
