import { randomBytes } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import type { HostLogin, HostWork } from '../model/drivers.js';
import { PaiError } from '../model/errors.js';
import type { ActionContext } from '../model/target.js';
import type { Connection } from './connection.js';
import { describeHost, lostError } from './host-errors.js';
import { LogFollower, toPhase } from './log-follower.js';
import { type ArchiveFile, checkPayload, packTar } from './payload.js';
import { type RootExit, runAsRoot } from './root-command.js';
import {
  attachProgram,
  type Bootstrap,
  JOB_PROGRAM,
  logPath,
  programBootstrap,
  runBootstrap,
  runVariables,
  START_PROGRAM,
  stopProgram,
  tidyProgram,
} from './supervisor.js';

/** Seconds to wait before each try to connect again. */
const RECONNECT_SECONDS: readonly number[] = [0.2, 1, 2, 5, 10, 20];

/** How often a run may be found on, and its log end again without telling how it ended. */
const MOST_ATTACHES = 20;

/** How often a run is begun that nothing came of, because the connection broke meanwhile. */
const MOST_STARTS = 3;

/** How long ending a script on the host may take. */
const STOP_SECONDS = 15;

/** What a run needs of the driver. */
export interface HostRunSettings {
  readonly rootPrefix: string;
  readonly runId: string;
  readonly connect: () => Promise<Connection>;
}

/** What a host program said first: `pai-status <words>`. */
type Status = readonly string[];

/** What came of a host program. Without a status it is not known whether it began. */
interface Followed {
  readonly status: Status;
  readonly exit: RootExit;
}

/** One run of one target's work on one host, from upload to end, over as many connections as it takes. */
export class HostRun {
  readonly #host: HostLogin;
  readonly #context: ActionContext;
  readonly #settings: HostRunSettings;
  #id = newId();
  readonly #log: LogFollower;
  /** The run is another process's, which does just the same. */
  #isOthers = false;

  constructor(host: HostLogin, context: ActionContext, settings: HostRunSettings) {
    this.#host = host;
    this.#context = context;
    this.#settings = settings;
    this.#log = new LogFollower(this.#id, (line) => {
      if (!context.signal.aborted) context.log(line);
    });
  }

  /** Runs it to its end. @throws PaiError as HostDriver.run */
  async run(work: HostWork): Promise<void> {
    const { signal, target } = this.#context;
    this.#throwIfAborted();
    checkPayload(target, work.files);
    const abort = new AbortController();
    const aborted = new Promise<never>((_, reject) => {
      const onAbort = (): void => {
        this.#stop().then(() => reject(this.#cancelled()), reject);
      };
      signal.addEventListener('abort', onAbort, { once: true, signal: abort.signal });
    });
    const ended = this.#toTheEnd(work);
    // Whichever loses must not be an unhandled rejection.
    ended.catch(() => {});
    aborted.catch(() => {});
    try {
      await Promise.race([ended, aborted]);
    } catch (error) {
      // The script that we ended ourselves is not what failed.
      if (signal.aborted) await aborted;
      throw error;
    } finally {
      abort.abort();
    }
    if (signal.aborted && this.#log.end?.phase !== 'done') await aborted;
    this.#judge();
    if (work.stamp === undefined) await this.#tidy();
  }

  async #toTheEnd(work: HostWork): Promise<void> {
    this.#throwIfAborted();
    let connection = await this.#settings.connect();
    let followed = await this.#start(connection, work);
    let hasBegun = followed.status.length > 0;
    let starts = 1;
    for (let attaches = 0; this.#log.end === undefined; attaches++) {
      const lost = !connection.isOpen || followed.exit.code === undefined;
      if (attaches === MOST_ATTACHES) throw this.#ended(lost);
      if (!connection.isOpen) connection = await this.#reconnect();
      followed = await this.#attach(connection);
      if (followed.status[0] === 'ended') {
        this.#log.endWith({ code: Number(followed.status[1]), phase: toPhase(followed.status[2]) });
      } else if (followed.status[0] === 'gone') {
        if (hasBegun || starts === MOST_STARTS) throw this.#ended(lost);
        // The connection broke in the upload, and nothing came of that. What may be left of it is of another name.
        this.#id = newId();
        this.#log.follow(this.#id);
        followed = await this.#start(connection, work);
        starts++;
      }
      hasBegun ||= followed.status.length > 0;
    }
  }

  /** @throws PaiError HOST_LOCKED, or HOST_SCRIPT when the host could not even start the script */
  async #start(connection: Connection, work: HostWork): Promise<Followed> {
    const archive = await this.#archive(work);
    this.#throwIfAborted();
    const followed = await this.#follow(connection, runBootstrap(this.#settings.rootPrefix, this.#id), archive);
    this.#checkStart(followed);
    return followed;
  }

  /** Finds the run again. */
  #attach(connection: Connection): Promise<Followed> {
    const program = attachProgram(this.#settings.rootPrefix, this.#context.target, this.#log.id, this.#log.offset);
    return this.#follow(connection, programBootstrap, Buffer.from(program));
  }

  /** Starts a host program and reads the log that it shows until that ends, or the connection does. */
  async #follow(connection: Connection, bootstrap: Bootstrap, input: Uint8Array): Promise<Followed> {
    let status: Status = [];
    let head = Buffer.alloc(0);
    const onData = (chunk: Buffer): boolean => {
      if (status.length > 0) return this.#log.take(chunk);
      head = Buffer.concat([head, chunk]);
      const newline = head.indexOf('\n');
      if (newline < 0) return false;
      status = head.subarray(0, newline).toString('utf8').split(' ').slice(1);
      if (status[0] === 'attached') {
        this.#isOthers = true;
        this.#log.follow(status[1] ?? '');
      }
      const rest = head.subarray(newline + 1);
      return rest.length > 0 && this.#log.take(rest);
    };
    const exit = await runAsRoot(connection, { bootstrap, input, onData }).catch((error: unknown): RootExit => {
      // Of a connection that breaks while a command is being started we know as little as of one that breaks later.
      if (error instanceof PaiError && error.code === 'HOST_CONNECTION_LOST') return { code: undefined, stderr: [] };
      throw error;
    });
    return { status, exit };
  }

  #checkStart({ status, exit }: Followed): void {
    if (status[0] === 'locked') {
      const [, since, run, ...target] = status;
      const who = target.join(' ') === '' ? 'another run' : `${target.join(' ')} (run ${run}, since ${since})`;
      throw new PaiError('HOST_LOCKED', `host ${this.#host.name} is being changed by ${who}`, {
        where: `host ${this.#host.name}`,
        next: 'Wait until that has ended; what still runs there holds the lock.',
        retryable: true,
      });
    }
    if (status.length > 0 || exit.code === undefined) return;
    throw new PaiError(
      'HOST_SCRIPT',
      `${this.#context.target}: ${describeHost(this.#host)} could not start the script`,
      {
        where: `host ${this.#host.name}`,
        next: 'Read what the host said, below: it needs tar, flock, setsid and room on its disk.',
        details: exit.stderr,
      },
    );
  }

  async #reconnect(): Promise<Connection> {
    let last: unknown;
    for (const seconds of RECONNECT_SECONDS) {
      await sleep(seconds * 1000, undefined, { signal: this.#context.signal });
      try {
        return await this.#settings.connect();
      } catch (error) {
        last = error;
        // Retrying a wrong key or password does not make it right.
        if (!(error instanceof PaiError) || error.code !== 'HOST_UNREACHABLE') throw error;
      }
    }
    throw this.#ended(true, last);
  }

  /** The run is nowhere to be found, and did not tell how it ended. */
  #ended(lost: boolean, cause?: unknown): PaiError {
    const { target } = this.#context;
    const next = `Run the same command again: it repeats ${target}.`;
    if (lost) return lostError(this.#host, `while ${target} ran, and its end is not known`, next, cause);
    return new PaiError('HOST_SCRIPT', `${target}: the script was killed on host ${this.#host.name}`, {
      where: `host ${this.#host.name}`,
      next: `See whether memory ran out there (dmesg). ${next}`,
      details: this.#log.lastLines,
    });
  }

  /** @throws PaiError HOST_SCRIPT unless all went well */
  #judge(): void {
    const { target } = this.#context;
    const end = this.#log.end;
    if (end === undefined || end.phase === 'done') return;
    const on = `on host ${this.#host.name}`;
    const what = {
      script: `the script exited ${end.code} ${on}`,
      probe: `the script ran ${on}, but its probe is not content (exit code ${end.code})`,
      stamp: `the script ran ${on}, but its stamp could not be written`,
      stopped: `the script was stopped ${on} by another process`,
    }[end.phase];
    const log = logPath(this.#settings.rootPrefix, target);
    throw new PaiError('HOST_SCRIPT', `${target}: ${what}`, {
      where: `host ${this.#host.name}`,
      next: `Correct what its last lines tell, and run again; whole log on the host: ${log}`,
      details: this.#log.lastLines,
    });
  }

  async #archive(work: HostWork): Promise<Buffer> {
    const variables = runVariables({
      rootPrefix: this.#settings.rootPrefix,
      id: this.#id,
      run: this.#settings.runId,
      target: this.#context.target,
      fingerprint: work.stamp?.fingerprint ?? '-',
      since: new Date().toISOString(),
    });
    const folder = `run/${this.#id}`;
    const own = (path: string, content: string): ArchiveFile => ({ path: `${folder}/${path}`, mode: 0o600, content });
    return packTar([
      ...work.files.map((file) => ({ ...file, path: `${folder}/payload/${file.path}` })),
      own('script', work.script),
      ...(work.probe === undefined ? [] : [own('probe', work.probe)]),
      ...(work.stamp === undefined ? [] : [own('stamp', `${JSON.stringify(work.stamp)}\n`)]),
      own('job', variables + JOB_PROGRAM),
      // Last: without it nothing begins, so that an upload cut short does nothing.
      own('start', variables + START_PROGRAM),
    ]);
  }

  /** After the last clean of a host nothing of pai stays there. Never fails: what was to be done is done. */
  async #tidy(): Promise<void> {
    const input = Buffer.from(tidyProgram(this.#settings.rootPrefix));
    const tidy = async (): Promise<unknown> =>
      runAsRoot(await this.#settings.connect(), { bootstrap: programBootstrap, input, onData: () => false });
    await tidy().catch(() => undefined);
  }

  /** Ends the script on the host, unless it is another process's. Never fails: we are on the way out. */
  async #stop(): Promise<void> {
    if (this.#isOthers) return;
    const stop = async (): Promise<void> => {
      const connection = await this.#settings.connect();
      const input = Buffer.from(stopProgram(this.#settings.rootPrefix, this.#id));
      await runAsRoot(connection, { bootstrap: programBootstrap, input, onData: () => false });
    };
    const done = new AbortController();
    const late = sleep(STOP_SECONDS * 1000, undefined, { signal: done.signal });
    await Promise.race([stop(), late]).catch(() => {});
    late.catch(() => {});
    done.abort();
  }

  #throwIfAborted(): void {
    if (this.#context.signal.aborted) throw this.#cancelled();
  }

  #cancelled(): PaiError {
    const { reason } = this.#context.signal;
    if (reason instanceof PaiError) return reason;
    return new PaiError('CANCELLED', `${this.#context.target} was cancelled`, {
      where: `host ${this.#host.name}`,
      next: 'Run the same command again: it repeats the target.',
    });
  }
}

/** Names a run on its host. */
function newId(): string {
  return randomBytes(8).toString('hex');
}
