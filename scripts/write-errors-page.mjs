// Writes docs/errors.md from the tables of error codes:
//   npm run build && node scripts/write-errors-page.mjs
import { writeFileSync } from 'node:fs';
import { errorsPage } from '../dist/apps/api/src/index.js';

writeFileSync('docs/errors.md', errorsPage());
