import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { readProgram, readRootCommand, readRun } from '../../../src/sandbox/in-process/programs.js';
import { wordsOf } from '../../../src/sandbox/in-process/shell-words.js';
import { shellQuote, targetFileName } from '../../../src/ssh/shell.js';
import {
  attachProgram,
  JOB_PROGRAM,
  observeProgram,
  readProgram as programThatReads,
  runVariables,
  START_PROGRAM,
  stopProgram,
  tidyProgram,
} from '../../../src/ssh/supervisor.js';

// What src/ssh sends and hosts in process understand must stay the same, word by word. That it is answered well, the tests
// with the real driver show.

const text = fc.oneof(
  fc.string(),
  fc.constantFrom("it's", 'a\nb', '$x', '  look 7 f p &\n', "'\\''", '`x`', '"', 'PROBE'),
);

describe('words', () => {
  it('are read back as they were quoted', () => {
    fc.assert(
      fc.property(fc.array(text), (words) => {
        expect(wordsOf(words.map(shellQuote).join(' '))).toEqual(words);
      }),
    );
  });

  it.each(['echo $x', 'echo `x`', 'echo "x', "echo 'x", 'echo a; b', 'echo a | b', 'echo > f', '(a)'])(
    'are not read where sh would do more: %s',
    (line) => {
      expect(wordsOf(line)).toBeUndefined();
    },
  );
});

describe('programs of the SSH driver', () => {
  it('that look are understood, whatever the probes say', () => {
    fc.assert(
      fc.property(fc.array(fc.record({ target: fc.string({ minLength: 1 }), probe: text })), text, (looks, root) => {
        expect(readProgram(observeProgram(root, 'mark', looks))).toEqual({
          kind: 'observe',
          base: `${root}/var/lib/pai`,
          root,
          mark: 'mark',
          looks: looks.map(({ target, probe }, index) => ({
            index: String(index),
            file: targetFileName(target),
            probe,
          })),
        });
      }),
    );
  });

  it('that read, attach and stop are understood', () => {
    expect(readProgram(programThatReads('/a b', ["/it's", '/etc/x']))).toEqual({
      kind: 'read',
      root: '/a b',
      paths: ["./it's", './etc/x'],
    });
    expect(readProgram(attachProgram('/r', 'host:a', 'id1', 7))).toEqual({
      kind: 'attach',
      file: targetFileName('host:a'),
      id: 'id1',
      offset: 7,
    });
    expect(readProgram(stopProgram('/r', 'id1'))).toEqual({ kind: 'stop', id: 'id1' });
    expect(readProgram(tidyProgram('/r'))).toEqual({ kind: 'tidy', base: '/r/var/lib/pai' });
  });

  it('that run say what about', () => {
    const variables = {
      rootPrefix: '/r x',
      id: 'id1',
      run: 'run-1',
      target: "host:it's",
      fingerprint: 'f1',
      since: '2026-01-01T00:00:00Z',
    };
    const assignments = runVariables(variables);
    const read = readRun(assignments + START_PROGRAM, assignments + JOB_PROGRAM);
    expect(read).toMatchObject({ base: '/r x/var/lib/pai', root: '/r x', id: 'id1', target: "host:it's" });
    expect(read?.file).toBe(targetFileName("host:it's"));
    // One that would be answered otherwise is refused.
    const other = JOB_PROGRAM.replace('pai-end %s %s %s', 'pai-end %s %s');
    expect(readRun(assignments + START_PROGRAM, assignments + other)).toBeUndefined();
  });

  it.each(['', 'true', 'rm -rf /', 'root=/\nmark=m\necho hello\n'])('are none of these: %j', (program) => {
    expect(readProgram(program)).toBeUndefined();
  });

  it.each(['id', 'sh -c id', "sh -c 'echo m; id' pai", "sudo sh -c 'echo m; umask 077; exec sh' pai", 'sh -c "$x"'])(
    'do not begin with such a command line: %s',
    (line) => {
      expect(readRootCommand(line)).toBeUndefined();
    },
  );
});
