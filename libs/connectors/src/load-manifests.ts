import { useManifestConnectors } from './connectors.js';
import { connectorsIn, InvalidManifestError, shippedConnectors } from './declarative/manifest-file.js';

/**
 * Makes the shipped manifests, and those of the operator's own folder, known as connectors. Called once at the start
 * of a service or a command, never by an import; called again, it takes the place of what was loaded before.
 * @throws InvalidManifestError with file, line and field; TakenConnectorIdError
 */
export async function loadManifests(folder?: string): Promise<void> {
  const own =
    folder === undefined
      ? []
      : await connectorsIn(folder).catch((error: unknown) => unreadable(folder, error));
  useManifestConnectors([...(await shippedConnectors()), ...own]);
}

class UnreadableManifestsError extends Error {
  override readonly name = 'UnreadableManifestsError';
  readonly code = 'MANIFESTS_UNREADABLE';
  constructor(folder: string, code: string, options: ErrorOptions) {
    super(`ROLLCALL_MANIFESTS: the folder ${folder} cannot be read: ${code}`, options);
  }
}

function unreadable(folder: string, error: unknown): never {
  if (error instanceof InvalidManifestError) throw error;
  const { code } = error as NodeJS.ErrnoException;
  throw new UnreadableManifestsError(folder, code ?? 'unknown reason', { cause: error });
}
