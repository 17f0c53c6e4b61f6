import { readFileSync } from 'node:fs';
import { expect, it } from '@jest/globals';
import { jobSchemas } from './job-schemas.js';

it('docs/job-schemas.json is what the shapes say (node scripts/write-job-schemas.mjs)', () => {
  const written = JSON.parse(readFileSync('docs/job-schemas.json', 'utf8'));
  expect(written).toEqual(JSON.parse(JSON.stringify(jobSchemas())));
});
