// Completes package-lock.json after `npm install`: a registry mirror that lacks builds of optional packages for other
// systems (macOS, Windows) leaves them out of the lock, and `npm ci` then refuses it everywhere. The entries added
// here name version and system alone; npm fetches such a package only on the system it is for.
import { readFileSync, writeFileSync } from 'node:fs';

const SYSTEMS = [
  'android',
  'darwin',
  'freebsd',
  'linux',
  'netbsd',
  'openbsd',
  'openharmony',
  'sunos',
  'win32',
];
const PROCESSORS = [
  'arm',
  'arm64',
  'ia32',
  'loong64',
  'mips64el',
  'ppc64',
  'riscv64',
  's390x',
  'wasm32',
  'x64',
];

const lock = JSON.parse(readFileSync('package-lock.json', 'utf8'));
for (const [parentPath, parent] of Object.entries({ ...lock.packages })) {
  for (const [name, range] of Object.entries(parent.optionalDependencies ?? {})) {
    const path = `node_modules/${name}`;
    if (lock.packages[path] ?? lock.packages[`${parentPath}/${path}`]) continue;
    lock.packages[path] = {
      version: range.replace(/^[\^~]/, ''),
      ...systemOf(name),
      ...inherited(parent),
      optional: true,
    };
  }
}
// In npm's own order, so that `npm install` leaves the file as it is.
lock.packages = Object.fromEntries(
  Object.entries(lock.packages).sort(([a], [b]) => a.localeCompare(b, 'en')),
);
writeFileSync('package-lock.json', `${JSON.stringify(lock, null, 2)}\n`);

/** Packages name their system: `@swc/core-linux-arm64-musl`. */
function systemOf(name) {
  const words = name.replace('windows', 'win32').split(/[/-]/);
  const os = SYSTEMS.filter((system) => words.includes(system));
  const cpu = PROCESSORS.filter((processor) => words.includes(processor));
  const libc = words.some((word) => word.startsWith('musl'))
    ? ['musl']
    : os.includes('linux') && words.some((word) => word.startsWith('gnu'))
      ? ['glibc']
      : [];
  return { ...(os.length && { os }), ...(cpu.length && { cpu }), ...(libc.length && { libc }) };
}

function inherited({ dev, engines }) {
  return { ...(dev && { dev }), ...(engines && { engines }) };
}
