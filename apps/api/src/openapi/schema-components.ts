import { z } from 'zod';

export type JsonSchema = Record<string, unknown>;

/** Turns zod shapes into JSON Schema 2020-12, the dialect of OpenAPI 3.1; a shape with an id becomes a component. */
export class SchemaComponents {
  readonly schemas: Record<string, JsonSchema> = {};

  /** What a client sends (`input`: defaults are optional) or gets (`output`). */
  schema(shape: z.ZodType, io: 'input' | 'output'): JsonSchema {
    const { $schema, $defs = {}, ...root } = z.toJSONSchema(shape, { io, unrepresentable: 'any' });
    const names = new Map(
      Object.entries($defs).map(([id, def]) => [id, this.nameFor(id, def as JsonSchema, io)]),
    );
    for (const [id, name] of names) this.schemas[name] = withComponentRefs($defs[id] as JsonSchema, names);
    return withComponentRefs(root, names);
  }

  /** One name may mean two things when what is sent and what is answered differ. */
  private nameFor(id: string, def: JsonSchema, io: 'input' | 'output'): string {
    const own = new Map([[id, id]]);
    const taken = this.schemas[id];
    if (!taken || JSON.stringify(taken) === JSON.stringify(withComponentRefs(def, own))) return id;
    return `${id}${io === 'input' ? 'Input' : 'Output'}`;
  }
}

const REF = '#/$defs/';

function withComponentRefs<T>(schema: T, names: ReadonlyMap<string, string>): T {
  return JSON.parse(JSON.stringify(schema), (key, value) => {
    if (key !== '$ref' || typeof value !== 'string' || !value.startsWith(REF)) return value;
    const id = value.slice(REF.length);
    return `#/components/schemas/${names.get(id) ?? id}`;
  });
}
