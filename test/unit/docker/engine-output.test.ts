import { describe, expect, it } from 'vitest';
import { EngineLog, engineMessages } from '../../../src/docker/engine-output.js';

async function* chunksOf(bytes: Buffer, size: number) {
  for (let at = 0; at < bytes.length; at += size) yield bytes.subarray(at, at + size);
}

async function messages(text: string, size = 1000) {
  const all = [];
  for await (const message of engineMessages(chunksOf(Buffer.from(text), size))) all.push(message);
  return all;
}

describe('engineMessages', () => {
  it('reads lines that arrive in pieces, characters torn apart', async () => {
    expect(await messages('{"stream":"größe\\n"}\r\n{"error":"ü"}', 1)).toEqual([
      { stream: 'größe\n' },
      { error: 'ü' },
    ]);
  });

  it('leaves out what is not text', async () => {
    expect(await messages('{"aux":{"ID":"x"},"stream":5}\n[]\nnull\n')).toEqual([{}, {}]);
  });

  it('fails on a line that is no message', async () => {
    await expect(messages('<html>')).rejects.toThrow('not a message of Docker Engine');
  });
});

describe('EngineLog', () => {
  function logged(...streams: string[]) {
    const lines: string[] = [];
    const log = new EngineLog((line) => lines.push(line));
    for (const stream of streams) log.add({ stream });
    log.end();
    return { lines, log };
  }

  it('puts lines together and takes colours and overwritten text away', () => {
    expect(logged('one ', 'line\n\u001b[91mred\u001b[0m\n\n', '10%\r100%\n', 'end').lines).toEqual([
      'one line',
      'red',
      '100%',
      'end',
    ]);
  });

  it('knows the step that began last', () => {
    expect(logged('Step 1/2 : FROM a\n', 'x\nStep 2/2 : RUN make\n', 'y').log.step).toBe('Step 2/2 : RUN make');
  });

  it('keeps the last 20 lines', () => {
    const { log } = logged(Array.from({ length: 30 }, (_, n) => `line ${n}\n`).join(''));
    expect(log.last).toHaveLength(20);
    expect(log.last.at(-1)).toBe('line 29');
  });

  it('shows the step that adds the stamp without the stamp', () => {
    expect(logged('Step 3/3 : LABEL pai.stamp={"format":1}\n').lines).toEqual(['Step 3/3 : LABEL pai.stamp']);
  });

  it('tells what became of a layer, not each byte of it', () => {
    const lines: string[] = [];
    const log = new EngineLog((line) => lines.push(line));
    log.add({ id: 'abc', status: 'Pushing', progress: '[=> ] 1kB/2kB' });
    log.add({ id: 'abc', status: 'Pushed', progress: '' });
    log.add({ status: 'done' });
    expect(lines).toEqual(['abc: Pushed', 'done']);
  });
});
