import { readFileSync } from 'node:fs';

/** The mapping as compact JSON: the argument itself when it is JSON, else the file it names. */
export function readMapping(argument: string): string {
  const inline = argument.trimStart().startsWith('{');
  return compact(inline ? argument : read(argument), inline ? '--map' : argument);
}

function read(file: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch (cause) {
    throw new MappingArgumentError(`--map names neither JSON nor a file that can be read: ${file}`, {
      cause,
    });
  }
}

function compact(json: string, where: string): string {
  try {
    return JSON.stringify(JSON.parse(json));
  } catch (cause) {
    throw new MappingArgumentError(`${where} is not valid JSON: ${(cause as Error).message}`, { cause });
  }
}

class MappingArgumentError extends Error {
  override readonly name = 'MappingArgumentError';
  readonly code = 'MAPPING_ARGUMENT';
}
