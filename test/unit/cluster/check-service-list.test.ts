import { afterEach, describe, expect, it } from 'vitest';
import { CLUSTER, type Edit, LIST, removeEdited, warnings } from './configuration-fixture.js';

afterEach(removeEdited);

const labelled = (labels: string): Edit => [LIST, 'label: [pylon]', `label: [${labels}]`];
const noWorkers: readonly Edit[] = [
  [CLUSTER, 'k8s-role: worker\n    pai-worker: "true"', 'k8s-role: worker'],
  [CLUSTER, '    sshport: 22\n    pai-worker: "true"', '    sshport: 22'],
];

describe('labels of services', () => {
  const cases: readonly [string, readonly Edit[], readonly string[]][] = [
    [
      'no machine is a pai-worker',
      [labelled('pylon, hdfsrole=worker'), ...noWorkers],
      [
        `${LIST}:7:20: no machine has the label hdfsrole=worker, so pods of pylon that select by it run nowhere; give a machine pai-worker: "true"`,
      ],
    ],
    [
      'a value that no label has',
      [labelled('hdfsrole=mater')],
      [
        `${LIST}:7:13: no machine has the label hdfsrole=mater, so pods of pylon that select by it run nowhere; hdfsrole is master or worker`,
      ],
    ],
    [
      'a value of a flag',
      [labelled('pylon=yes')],
      [
        `${LIST}:7:13: no machine has the label pylon=yes, so pods of pylon that select by it run nowhere; pylon is true`,
      ],
    ],
    [
      'machines have them',
      [labelled('pylon, pylon=true, hdfsrole, hdfsrole=master, hdfsrole=worker, node-exporter')],
      [],
    ],
    [
      'no machine has a GPU',
      [labelled('machinetype=gpu'), [CLUSTER, 'machine-type: GPU', 'machine-type: GENERIC']],
      [],
    ],
  ];

  it.each(cases)('that no machine has are told: %s', async (_, edits, expected) => {
    expect(await warnings(...edits)).toEqual(expected);
  });
});
