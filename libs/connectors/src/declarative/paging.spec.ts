import { expect, it } from '@jest/globals';
import type { ManifestList } from './manifest.schema.js';
import { pageScope } from './paging.js';

it('shows the templates the fields of a keyset where their paths put them', () =>
  expect(pageScope(keyset, { after: { 'meta.updated': '2026-01-01', 'meta.id': 7 } }).after).toMatchObject({
    meta: { updated: '2026-01-01', id: 7 },
  }));

it('changes no prototype, whatever a path is called', () => {
  pageScope(keyset, { after: { '__proto__.polluted': 1, 'constructor.prototype.polluted': 1 } });
  expect({}).not.toHaveProperty('polluted');
});

const keyset: ManifestList = {
  method: 'GET',
  path: '/records',
  query: {},
  headers: {},
  records: '',
  paginate: { type: 'keyset', size: 10, fields: ['meta.updated', 'meta.id'] },
};
