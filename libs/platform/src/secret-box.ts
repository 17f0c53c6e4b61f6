import {
  createCipheriv,
  createDecipheriv,
  createHash,
  createHmac,
  randomBytes,
  timingSafeEqual,
} from 'node:crypto';

/** A sealed secret that no key of ours opens: wrong key, wrong place (aad) or damaged bytes. */
export class SecretUnreadableError extends Error {
  override readonly name = 'SecretUnreadableError';
  readonly code = 'SECRET_UNREADABLE';
}

const VERSION = 1;
const KEY_ID_BYTES = 4;
const IV_BYTES = 12;
const TAG_BYTES = 16;
const HEADER_BYTES = 1 + KEY_ID_BYTES + IV_BYTES;

/**
 * Encrypts secrets at rest with AES-256-GCM. The first key seals; every key opens, so a key is rotated by
 * putting the new one in front. `aad` binds a secret to its place (say, its row id): bytes copied to another
 * row do not open there.
 *
 * Sealed layout: version (1 byte) | key id (4) | IV (12) | ciphertext | tag (16).
 */
export class SecretBox {
  private readonly keys: readonly SealingKey[];

  /** @param keys `ROLLCALL_SECRET_KEY`: one or more base64 or hex encodings of 32 bytes, comma separated. */
  constructor(keys: string) {
    this.keys = keys
      .split(',')
      .map((text) => text.trim())
      .filter(Boolean)
      .map(parseKey);
    if (this.keys.length === 0) throw new TypeError('SecretBox needs at least one key');
  }

  seal(plaintext: Uint8Array | string, aad: string): Buffer {
    const [key] = this.keys as [SealingKey];
    const iv = randomBytes(IV_BYTES);
    const cipher = createCipheriv('aes-256-gcm', key.bytes, iv).setAAD(Buffer.from(aad));
    const body = Buffer.concat([cipher.update(Buffer.from(plaintext)), cipher.final()]);
    return Buffer.concat([Buffer.of(VERSION), key.id, iv, body, cipher.getAuthTag()]);
  }

  /** @throws SecretUnreadableError when the bytes do not open with any of our keys at this place. */
  open(sealed: Uint8Array, aad: string): Buffer {
    const bytes = Buffer.from(sealed);
    const id = bytes.subarray(1, 1 + KEY_ID_BYTES);
    const key = this.keys.find((candidate) => candidate.id.equals(id));
    if (bytes[0] !== VERSION || bytes.length < HEADER_BYTES + TAG_BYTES || !key) {
      throw new SecretUnreadableError(
        'Sealed with a key this service does not hold; check ROLLCALL_SECRET_KEY',
      );
    }
    try {
      const decipher = createDecipheriv(
        'aes-256-gcm',
        key.bytes,
        bytes.subarray(1 + KEY_ID_BYTES, HEADER_BYTES),
      )
        .setAAD(Buffer.from(aad))
        .setAuthTag(bytes.subarray(-TAG_BYTES));
      return Buffer.concat([decipher.update(bytes.subarray(HEADER_BYTES, -TAG_BYTES)), decipher.final()]);
    } catch (cause) {
      throw new SecretUnreadableError('A sealed secret was changed or belongs to another place', { cause });
    }
  }

  /**
   * What tells whether a secret is still the same without opening it: a keyed hash, bound to its place. Nobody without
   * our key can try out guesses on it.
   */
  fingerprint(plaintext: string, aad: string): string {
    const [key] = this.keys as [SealingKey];
    return `${key.id.toString('hex')}:${keyedHash(key, plaintext, aad).toString('hex')}`;
  }

  /** False also for a fingerprint that was made with a key we do not hold any more. */
  hasFingerprint(plaintext: string, aad: string, fingerprint: string): boolean {
    const [keyId = '', hash = ''] = fingerprint.split(':');
    const key = this.keys.find(({ id }) => id.toString('hex') === keyId);
    if (!key) return false;
    const given = Buffer.from(hash, 'hex');
    const expected = keyedHash(key, plaintext, aad);
    return given.length === expected.length && timingSafeEqual(given, expected);
  }
}

/** The label keeps this use of the key apart from sealing. */
const keyedHash = (key: SealingKey, plaintext: string, aad: string): Buffer =>
  createHmac('sha256', createHmac('sha256', key.bytes).update('rollcall fingerprint').digest())
    .update(`${Buffer.byteLength(aad)}:${aad}${plaintext}`)
    .digest();

interface SealingKey {
  readonly id: Buffer;
  readonly bytes: Buffer;
}

/** True when the text is an encoding of 32 bytes that {@link SecretBox} takes. */
export const isSecretKey = (text: string): boolean => decode(text) !== undefined;

export const newSecretKey = (): string => randomBytes(32).toString('base64');

function parseKey(text: string): SealingKey {
  const bytes = decode(text);
  if (!bytes) throw new TypeError('A secret key is 32 bytes in base64 or hex');
  return { id: createHash('sha256').update(bytes).digest().subarray(0, KEY_ID_BYTES), bytes };
}

function decode(text: string): Buffer | undefined {
  if (/^[0-9a-f]{64}$/i.test(text)) return Buffer.from(text, 'hex');
  const bytes = Buffer.from(text, 'base64');
  return bytes.length === 32 && /^[A-Za-z0-9+/_-]{43}=?$/.test(text) ? bytes : undefined;
}
