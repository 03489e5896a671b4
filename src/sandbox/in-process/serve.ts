import { setTimeout as sleep } from 'node:timers/promises';
import type { ServerChannel } from 'ssh2';
import type { HostProcess, Outputs } from './host-process.js';
import { type RootCommand, readRootCommand } from './programs.js';

/** How a command is answered. */
export interface InProcessService {
  readonly process: HostProcess;
  /** Who logged in, and the password that sudo asks for. */
  readonly login: { readonly user: string; readonly password: string };
  /** Milliseconds until it begins. */
  readonly delay: number;
  /** Whether sudo lets nobody in. */
  isDenied(): boolean;
  /** A job runs. */
  onStart(): void;
}

/** Tries that sudo gives. */
const SUDO_TRIES = 3;

/** Answers a command over a channel in this process, as sshd, sudo and sh would together. */
export function serveInProcess(channel: ServerChannel, command: string, service: InProcessService): void {
  channel.on('error', () => {});
  const closed = new AbortController();
  channel.once('close', () => closed.abort());
  const out: Outputs = {
    stdout: (piece) => void channel.write(piece),
    stderr: (text) => void channel.stderr.write(text),
    signal: closed.signal,
    started: service.onStart,
  };
  const input = new ChannelInput(channel);
  const end = (code: number) => {
    if (closed.signal.aborted) return;
    channel.exit(code);
    channel.end();
  };
  answer(command, input, out, service).then(end, (error: unknown) => {
    out.stderr(`sh: ${error instanceof Error ? error.message : String(error)} (simulated)\n`);
    end(1);
  });
}

async function answer(line: string, input: ChannelInput, out: Outputs, service: InProcessService): Promise<number> {
  if (service.delay > 0) await sleep(service.delay, undefined, { ref: false });
  const command = readRootCommand(line);
  if (command === undefined) {
    out.stderr('sh: hosts in process understand what pai sends, nothing else (simulated)\n');
    return 127;
  }
  if (!(await isRoot(command, input, out, service))) return 1;
  out.stdout(`${command.mark}\n`);
  const given = await input.rest();
  return command.kind === 'run' ? service.process.run(given, out) : service.process.answer(given.toString(), out);
}

/** What sudo says and asks, as the simulated one of hosts with a shell. */
async function isRoot({ sudo }: RootCommand, input: ChannelInput, out: Outputs, service: InProcessService) {
  const { user, password } = service.login;
  if (user === 'root') return true;
  if (sudo?.prompt === undefined) {
    out.stderr('sudo: a password is required\n');
    return false;
  }
  for (let tries = 0; ; tries++) {
    if (tries === SUDO_TRIES) {
      out.stderr(`sudo: ${SUDO_TRIES} incorrect password attempts\n`);
      return false;
    }
    if (tries > 0) out.stderr('Sorry, try again.\n');
    out.stderr(sudo.prompt);
    const given = await input.line();
    if (given === undefined) {
      out.stderr(`${tries === 0 ? 'sudo: no password was provided\n' : ''}sudo: a password is required\n`);
      return false;
    }
    if (given === password) break;
  }
  if (!service.isDenied()) return true;
  out.stderr(`${user} is not in the sudoers file.\n`);
  return false;
}

/** Standard input: first by lines, then all that is left. */
class ChannelInput {
  #pieces: Buffer[] = [];
  #hasEnded = false;
  #wake: () => void = () => {};

  constructor(channel: ServerChannel) {
    channel.on('data', (piece: Buffer) => {
      this.#pieces.push(piece);
      this.#wake();
    });
    for (const event of ['end', 'close']) {
      channel.once(event, () => {
        this.#hasEnded = true;
        this.#wake();
      });
    }
  }

  /** Without its newline; undefined at the end. */
  async line(): Promise<string | undefined> {
    for (;;) {
      const whole = Buffer.concat(this.#pieces);
      const newline = whole.indexOf('\n');
      if (newline >= 0) {
        this.#pieces = [whole.subarray(newline + 1)];
        return whole.subarray(0, newline).toString();
      }
      if (this.#hasEnded) return undefined;
      await this.#more();
    }
  }

  async rest(): Promise<Buffer> {
    while (!this.#hasEnded) await this.#more();
    const whole = Buffer.concat(this.#pieces);
    this.#pieces = [];
    return whole;
  }

  #more(): Promise<void> {
    return new Promise((resolve) => {
      this.#wake = resolve;
    });
  }
}
