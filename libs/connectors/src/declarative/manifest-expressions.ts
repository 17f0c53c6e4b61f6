import { compileExpressions } from '#mapping';
import { InvalidMappingError } from '../mapping/mapping.errors.js';
import { compileMapping } from '../mapping/mapping.js';
import type { Manifest, ManifestTable } from './manifest.schema.js';

export interface ExpressionFault {
  readonly path: readonly PropertyKey[];
  readonly message: string;
}

/** What of a manifest's expressions does not compile, by their places in it. */
export async function expressionFaults({ check, streams }: Manifest): Promise<ExpressionFault[]> {
  const account = await compileExpressions([{ field: 'account', source: check.account }]);
  const faults: ExpressionFault[] = account.faults.map(({ error: { message } }) => ({
    path: ['check', 'account'],
    message,
  }));
  for (const [id, { map }] of Object.entries(streams))
    for (const { path, message } of await mappingFaults(map))
      faults.push({ path: ['streams', id, 'map', ...path], message });
  return faults;
}

async function mappingFaults(map: ManifestTable['map']): Promise<ExpressionFault[]> {
  try {
    await compileMapping(map);
    return [];
  } catch (error) {
    if (!(error instanceof InvalidMappingError)) throw error;
    return error.errors.map(({ field, reason }) => ({
      path: mappingPath(field, map.properties),
      message: reason,
    }));
  }
}

function mappingPath(field: string, properties: readonly { key: string }[]): PropertyKey[] {
  if (!field.startsWith('properties.')) return field === 'mapping' ? [] : [field];
  const index = properties.findIndex(({ key }) => `properties.${key}` === field);
  return index < 0 ? ['properties'] : ['properties', index, 'value'];
}
