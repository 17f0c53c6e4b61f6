import type { FakeReply } from '../../testing/fake-server.js';

export function intercomError(status: number, code: string, message: string): FakeReply {
  return { status, json: { type: 'error.list', request_id: 'req_fake', errors: [{ code, message }] } };
}

export function pages(size: number, total: number, startingAfter: string | undefined) {
  return {
    type: 'pages',
    page: 1,
    per_page: size,
    total_pages: Math.ceil(total / size),
    ...(startingAfter === undefined ? {} : { next: { per_page: size, starting_after: startingAfter } }),
  };
}
