import type { z } from 'zod';
import { InvalidResponse } from '../../port/connector.errors.js';
import type { HttpAnswer, HttpCall, HttpClient } from './http-client.js';

/** Calls and parses: the answer as `data`. @throws InvalidResponse naming the places that have another shape */
export async function callFor<Shape>(
  client: HttpClient,
  call: HttpCall,
  schema: z.ZodType<Shape>,
): Promise<HttpAnswer & { data: Shape }> {
  const answer = await client(call);
  const parsed = schema.safeParse(answer.json);
  if (parsed.success) return { ...answer, data: parsed.data };
  const where = parsed.error.issues.map((issue) => issue.path.join('.') || 'body').join(', ');
  throw new InvalidResponse(`${call.method} ${call.path} answered an unexpected shape at ${where}`);
}
