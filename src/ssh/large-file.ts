import { createHash } from 'node:crypto';
import { createReadStream, writeSync } from 'node:fs';
import { open, rename, rm } from 'node:fs/promises';
import { PaiError } from '../model/errors.js';
import type { Connection } from './connection.js';
import { describeHost, lostError } from './host-errors.js';
import { type RootExit, runAsRoot } from './root-command.js';
import { receiveBootstrap, showBootstrap } from './supervisor.js';

/**
 * Copies a file of a host to this machine, mode 0600, in place of one that is there; piece by piece, so that it may be larger than memory. Returns
 * its SHA-256, hex.
 * @throws PaiError HOST_CONNECTION_LOST, HOST_SCRIPT when it can't be read
 */
export async function fetchFile(connection: Connection, rootPrefix: string, path: string, to: string): Promise<string> {
  const part = `${to}.part`;
  const hash = createHash('sha256');
  await rm(part, { force: true });
  const file = await open(part, 'wx', 0o600);
  try {
    try {
      const exit = await runAsRoot(connection, {
        bootstrap: showBootstrap(rootPrefix, path),
        input: Buffer.alloc(0),
        onData: (chunk) => {
          hash.update(chunk);
          // At once, so that no more is taken from the host than the disk takes.
          for (let at = 0; at < chunk.length; ) at += writeSync(file.fd, chunk, at);
          return false;
        },
      });
      check(connection, exit, `${path} could not be read`);
      await file.sync();
    } finally {
      await file.close();
    }
    await rename(part, to);
  } catch (error) {
    await rm(part, { force: true });
    throw error;
  }
  return hash.digest('hex');
}

/**
 * Copies a file of this machine to a host, for root only, whole or not at all; piece by piece.
 * @throws PaiError HOST_CONNECTION_LOST, HOST_SCRIPT when it can't be written
 */
export async function sendFile(connection: Connection, rootPrefix: string, from: string, path: string): Promise<void> {
  const input = createReadStream(from);
  try {
    const exit = await runAsRoot(connection, {
      bootstrap: receiveBootstrap(rootPrefix, path),
      input,
      onData: () => false,
    });
    check(connection, exit, `${path} could not be written`);
  } finally {
    input.destroy();
  }
}

function check({ host }: Connection, exit: RootExit, failure: string): void {
  if (exit.code === undefined) throw lostError(host, 'while a file was copied', 'Run the same command again.');
  if (exit.code === 0) return;
  throw new PaiError('HOST_SCRIPT', `${describeHost(host)}: ${failure}`, {
    where: `host ${host.name}`,
    next: 'Read what the host said, below.',
    details: exit.stderr,
  });
}
