// Writes docs/job-schemas.json from the zod shapes of the jobs:
//   npm run build && node scripts/write-job-schemas.mjs && npm run format
import { writeFileSync } from 'node:fs';
import { jobSchemas } from '../dist/apps/worker/src/index.js';

writeFileSync('docs/job-schemas.json', `${JSON.stringify(jobSchemas(), null, 2)}\n`);
