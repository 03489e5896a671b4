import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import { watchInterrupts } from '../../../src/cli/interrupt.js';
import type { Io, StopSignal } from '../../../src/cli/io.js';

/** An outside whose signals the test sends. */
function signals(): { io: Io; send(signal: StopSignal): void; told: string[]; watched(): boolean } {
  const listeners = new Set<(signal: StopSignal) => void>();
  const told: string[] = [];
  const io: Io = {
    cwd: '/',
    stdout: () => true,
    stderr: (text) => told.push(text) > 0,
    onInterrupt(listener) {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
  };
  const send = (signal: StopSignal): void => {
    for (const listener of listeners) listener(signal);
  };
  return { io, send, told, watched: () => listeners.size > 0 };
}

describe('an interrupt', () => {
  it('asks to stop the first time and to cancel the second, and the first signal decides the exit code', () => {
    const { io, send, told } = signals();
    const interrupt = watchInterrupts(io);
    expect([interrupt.stop.aborted, interrupt.exitCode]).toEqual([false, undefined]);
    send('SIGTERM');
    expect([interrupt.stop.aborted, interrupt.cancel.aborted, interrupt.exitCode]).toEqual([true, false, 143]);
    send('SIGINT');
    expect([interrupt.cancel.aborted, interrupt.exitCode]).toEqual([true, 143]);
    expect(told).toEqual(['stopping when what runs is done; interrupt again to cancel it\n', 'cancelling\n']);
  });

  it('is for the command while that has the terminal; a request to terminate is not', () => {
    const { io, send } = signals();
    const interrupt = watchInterrupts(io);
    interrupt.handOver(true);
    send('SIGINT');
    expect(interrupt.stop.aborted).toBe(false);
    send('SIGTERM');
    expect(interrupt.stop.aborted).toBe(true);
  });

  it('that arrives after the end of the command that it was typed for is still for that', async () => {
    const { io, send, watched } = signals();
    const interrupt = watchInterrupts(io);
    interrupt.handOver(true);
    interrupt.handOver(false);
    send('SIGINT');
    expect(interrupt.stop.aborted).toBe(false);
    await sleep(250);
    send('SIGINT');
    expect(interrupt.stop.aborted).toBe(true);
    interrupt.unwatch();
    expect(watched()).toBe(false);
  });

  it('can still arrive when the run is over that handed the terminal to a command', async () => {
    const { io, watched } = signals();
    const interrupt = watchInterrupts(io);
    interrupt.handOver(true);
    interrupt.handOver(false);
    interrupt.unwatch();
    expect(watched()).toBe(true);
    await sleep(250);
    expect(watched()).toBe(false);
  });
});
