import type { ChildProcessWithoutNullStreams } from 'node:child_process';
import { setTimeout as sleep } from 'node:timers/promises';
import type { ServerChannel } from 'ssh2';

/** How a command is started for a channel. */
export interface CommandService {
  /** Milliseconds until it starts. */
  readonly delay: number;
  start(): ChildProcessWithoutNullStreams;
  /** Told once it runs; `ended` resolves when it has ended. */
  onStart(ended: Promise<void>): void;
}

/**
 * Runs a command over a channel as sshd does: exit code or signal last, once all output was sent. When the channel is
 * closed from afar the command is not ended; its pipes are closed, so it ends at the next thing that it wants to say.
 */
export function serveCommand(channel: ServerChannel, service: CommandService): void {
  channel.on('error', () => {});
  void run(channel, service);
}

async function run(channel: ServerChannel, service: CommandService): Promise<void> {
  if (service.delay > 0) await sleep(service.delay, undefined, { ref: false });
  if (channel.destroyed) return;
  const child = service.start();
  const { stdin, stdout, stderr } = child;
  // A command may end without having read all that it is given.
  for (const pipe of [stdin, stdout, stderr]) pipe.on('error', () => {});
  channel.pipe(stdin);
  stdout.pipe(channel, { end: false });
  stderr.pipe(channel.stderr, { end: false });
  channel.once('close', () => {
    for (const pipe of [stdin, stdout, stderr]) pipe.destroy();
  });
  const ended = new Promise<void>((resolve) => {
    child.once('error', (error) => {
      channel.stderr.write(`${error.message}\n`);
      channel.exit(127);
      channel.end();
      resolve();
    });
    child.once('close', (code, signal) => {
      if (signal === null) channel.exit(code ?? 255);
      else channel.exit(signal.replace(/^SIG/, ''));
      channel.end();
      resolve();
    });
  });
  service.onStart(ended);
}
