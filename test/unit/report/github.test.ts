import { describe, expect, it } from 'vitest';
import type { RunEvent } from '../../../src/model/events.js';
import { annotations, githubReporter } from '../../../src/report/github.js';
import { harmless, workflowCommand } from '../../../src/report/workflow-command.js';
import { at } from './events.js';

const AT = { root: '/home/me/repository/cluster', workspace: '/home/me/repository' };

function told(...events: readonly RunEvent[]): { text: string; summary: string } {
  let text = '';
  let summary = '';
  const report = githubReporter(
    (part) => {
      text += part;
    },
    {
      ...AT,
      resume: 'pai run services',
      summary: (part) => {
        summary += part;
      },
    },
  );
  for (const event of events) report(event);
  return { text, summary };
}

const ERROR = { code: 'TEMPLATE', message: 'x is undefined,\n100% sure', where: 'templates/a:b.yaml:12:3' };
const FAILING = [
  at(1).runStart(),
  at(1).plan({ a: [], b: [], c: ['b'] }),
  at(1).start('a'),
  at(1).start('b', { reasons: [{ kind: 'unhealthy', problem: 'a|b <i>*x*</i>' }] }),
  at(1).log('b', '```'),
  at(1).log('b', '::error::forged'),
  at(1).log('b', 'x ##[error]forged'),
  at(3).end('a', { seconds: 2 }),
  at(4).end('b', { outcome: 'failed', seconds: 3, error: ERROR, log: '/logs/b.log' }),
  at(4).end('c', { outcome: 'skipped', seconds: 0, because: 'b' }),
  at(4).runEnd({ ran: 1, failed: 1, skipped: 1 }),
];

describe('githubReporter', () => {
  it('makes each log a group, and each failure an annotation at its place', () => {
    const lines = told(...FAILING).text.split('\n');
    expect(lines.slice(3, 10)).toEqual([
      'done  a  2.0s',
      '::group::fail  b  3.0s  x is undefined, 100%25 sure',
      '  | ```',
      '  | ::error::forged',
      '  | x ## [error]forged',
      '::endgroup::',
      '::error file=cluster/templates/a%3Ab.yaml,line=12,col=3,title=b failed::error TEMPLATE: x is undefined,%0A  100%25 sure%0A  at templates/a:b.yaml:12:3',
    ]);
  });

  it('lets nothing that is told be taken for a command', () => {
    const error = { code: 'X', message: 'a\n::error::forged', details: ['##[error]forged'] };
    const { text } = told(at(1).start('a'), at(2).end('a', { outcome: 'failed', error }), at(2).runEnd({ failed: 1 }));
    const commands = text.split('\n').filter((line) => line.trim().startsWith('::') || line.includes('##['));
    // Its own annotation has everything on one line.
    expect(commands).toHaveLength(1);
    expect(text).toContain('\n  : :error::forged\n');
  });

  it('summarizes the step: failures first, then what was done, with what Markdown would take for its own escaped', () => {
    const { summary } = told(...FAILING);
    expect(summary).toBe(`### <code>pai run services</code>: 1 ran, 0 fresh, 1 failed, 1 skipped in 4.0s

| target | outcome | seconds | reasons |
| --- | --- | ---: | --- |
| <code>b</code> | failed | 3.0 | not well&#58; a&#124;b &#60;i&#62;&#42;x&#42;&#60;/i&#62; |
| <code>c</code> | skipped |  | b failed |
| <code>a</code> | ran | 2.0 | never applied |

<details><summary><code>b</code> failed: x is undefined, 100&#37; sure</summary>

\`\`\`\`text
at templates/a:b.yaml:12:3
\`\`\`
::error::forged
x ##[error]forged
log: /logs/b.log
\`\`\`\`

</details>

Critical path: <code>b</code> 3.0s

`);
  });

  it('keeps the summary small however much there is', () => {
    const many = Array.from({ length: 3000 }, (_, index) => [
      at(1).start(`t${index}`),
      at(1).log(`t${index}`, 'y'.repeat(5000)),
      at(2).end(`t${index}`, { outcome: 'failed' }),
    ]);
    const { summary } = told(...many.flat(), at(3).runEnd({ failed: 3000 }));
    expect(summary.length).toBeLessThan(300_000);
    expect(summary).toContain('| and 2500 more | | | |');
    expect(summary).toContain('and 2950 more failures');
  });
});

describe('annotations', () => {
  it('of a configuration are one for each place', () => {
    const error = {
      code: 'CONFIG_INVALID',
      message: '2 problems in the configuration',
      details: ['cluster.yaml:3:5: unknown key a', 'hosts.yaml:7:1: b is missing'],
    };
    expect(annotations(error, 'pai', AT)).toBe(
      '::error file=cluster/cluster.yaml,line=3,col=5,title=pai::error CONFIG_INVALID: unknown key a%0A  at cluster.yaml:3:5\n' +
        '::error file=cluster/hosts.yaml,line=7,col=1,title=pai::error CONFIG_INVALID: b is missing%0A  at hosts.yaml:7:1\n',
    );
  });

  it('of anything else are one, without a place when it has none', () => {
    const error = { code: 'HOST_SCRIPT', message: 'exited with 3', where: 'host h1', details: ['a.c:1:2: error'] };
    expect(annotations(error, 'a, b: c', AT)).toBe(
      '::error title=a%2C b%3A c::error HOST_SCRIPT: exited with 3%0A  at host h1%0A  | a.c:1:2: error\n',
    );
  });
});

describe('workflow commands', () => {
  it('escape what would end them', () => {
    expect(workflowCommand('error', 'a%\r\nb', { file: 'a:b,c', line: undefined })).toBe(
      '::error file=a%3Ab%2Cc::a%25%0D%0Ab\n',
    );
    expect(workflowCommand('endgroup')).toBe('::endgroup::\n');
  });

  it.each([
    ['::error::x', ': :error::x'],
    ['a\n \u00a0::set-output::', 'a\n \u00a0: :set-output::'],
    ['a ##[group]x', 'a ## [group]x'],
    ['a::b', 'a::b'],
  ])('are not seen in %j', (text, result) => {
    expect(harmless(text)).toBe(result);
  });
});
