import { spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';

const MAIN = 'dist/bin/rollcall.js';
const LOOK_EVERY_MS = 100;
const secrets = {
  ROLLCALL_ADMIN_KEY: `scale-${randomBytes(16).toString('hex')}`,
  ROLLCALL_SECRET_KEY: randomBytes(32).toString('base64'),
};

/** `rollcall start` as a process whose memory is watched. */
export class RunningService {
  peakMb = 0;
  key = secrets.ROLLCALL_ADMIN_KEY;
  url = '';

  /** Resolves when it has printed its address. */
  static async start(environment) {
    const child = spawn(process.execPath, [MAIN, 'start'], {
      env: { PATH: process.env.PATH, PORT: '0', ROLLCALL_LOG_LEVEL: 'warn', ...secrets, ...environment },
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    const service = new RunningService(child);
    await service.#greeted();
    return service;
  }

  #child;
  #timer;

  constructor(child) {
    this.#child = child;
    this.pid = child.pid;
    this.#timer = setInterval(() => this.#look(), LOOK_EVERY_MS);
  }

  async get(path) {
    const response = await fetch(`${this.url}${path}`, { headers: { authorization: `Bearer ${this.key}` } });
    if (!response.ok) throw new Error(`${path} was answered with ${response.status}`);
    return response.json();
  }

  kill() {
    return this.#end('SIGKILL');
  }

  stop() {
    return this.#end('SIGTERM');
  }

  async #end(signal) {
    this.#look();
    clearInterval(this.#timer);
    const exited = once(this.#child, 'exit');
    this.#child.kill(signal);
    await exited;
  }

  /** The most it ever held, by the kernel's own book-keeping. */
  #look() {
    try {
      const [, kilobytes] =
        /^VmHWM:\s+(\d+) kB/m.exec(readFileSync(`/proc/${this.pid}/status`, 'utf8')) ?? [];
      if (kilobytes) this.peakMb = Math.round(Number(kilobytes) / 1024);
    } catch (error) {
      if (error.code !== 'ENOENT' && error.code !== 'ESRCH') throw error;
      clearInterval(this.#timer);
    }
  }

  async #greeted() {
    let printed = '';
    for await (const text of this.#child.stdout.setEncoding('utf8').iterator({ destroyOnReturn: false })) {
      printed += text;
      this.url = /API +(http:\/\/[^/\s]+)/.exec(printed)?.[1] ?? '';
      if (/\n {2}Queue .*\n/.test(printed)) break;
    }
    if (!this.url) throw new Error(`The service ended before it was up:\n${printed}`);
  }
}
