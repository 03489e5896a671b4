import protobuf from 'protobufjs';
import { describe, expect, it } from 'vitest';
import { BuildKitLog } from '../../../src/docker/buildkit-output.js';
import { EngineLog } from '../../../src/docker/engine-output.js';

/** As BuildKit has it, with fields that we do not read. */
const { root } = protobuf.parse(
  `syntax = "proto3";
   message Time { int64 seconds = 1; }
   message Vertex { string digest = 1; repeated string inputs = 2; string name = 3; bool cached = 4; Time started = 5; Time completed = 6; string error = 7; }
   message Log { string vertex = 1; Time timestamp = 2; int64 stream = 3; bytes msg = 4; }
   message Status { string ID = 1; int64 current = 4; }
   message Response { repeated Vertex vertexes = 1; repeated Status statuses = 2; repeated Log logs = 3; }`,
  { keepCase: true },
);
const type = root.lookupType('Response');

function trace(value: object) {
  const aux = Buffer.from(type.encode(type.fromObject(value)).finish()).toString('base64');
  return { id: 'moby.buildkit.trace', aux };
}

const now = { seconds: 1 };
const one = { digest: 'd1', name: '[1/2] FROM x', started: now };
const two = { digest: 'd2', name: '[2/2] RUN make', started: now };
const say = (vertex: string, text: string | Buffer) => ({ logs: [{ vertex, stream: 1, msg: Buffer.from(text) }] });

async function told(...values: object[]) {
  const lines: string[] = [];
  const log = await BuildKitLog.create(new EngineLog((line) => lines.push(line)));
  for (const value of values) log.add(trace(value));
  log.end();
  return { lines, log };
}

describe('the progress of BuildKit', () => {
  it('tells a step once, when it begins, and what was cached', async () => {
    const { lines } = await told(
      { vertexes: [{ digest: 'd1', name: '[1/2] FROM x' }] },
      { vertexes: [{ ...one, cached: true, completed: now }], statuses: [{ ID: 'layer', current: 5 }] },
      { vertexes: [two] },
      { vertexes: [{ ...two, completed: now }] },
    );
    expect(lines).toEqual(['[1/2] FROM x: cached', '[2/2] RUN make']);
  });

  it('puts output together that comes in pieces, of each step by itself', async () => {
    const euro = Buffer.from('€\n');
    const { lines } = await told(
      say('d1', 'a'),
      say('d2', 'x\n'),
      say('d1', 'b\n'),
      say('d1', euro.subarray(0, 1)),
      say('d1', euro.subarray(1)),
      say('d2', 'no end'),
    );
    expect(lines).toEqual(['x', 'ab', '€', 'no end']);
  });

  it('knows the step that failed, not those that were cancelled for it', async () => {
    const { log } = await told(
      { vertexes: [one, two] },
      { vertexes: [{ ...one, error: 'context canceled' }] },
      say('d2', 'said so\n'),
      { vertexes: [{ ...two, error: 'exit code: 2' }] },
    );
    expect(log.step).toBe('[2/2] RUN make');
    expect(log.last.at(-1)).toBe('said so');
  });
});
