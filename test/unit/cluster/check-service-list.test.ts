import { afterEach, describe, expect, it } from 'vitest';
import { CLUSTER, type Edit, LIST, loadEdited, problems, removeEdited, warnings } from './configuration-fixture.js';

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

describe('sources of images', () => {
  const entry = (text: string): Edit => [LIST, '  pylon: {}\n', `  pylon: ${text}\n`];

  it.each([
    ['{copy: [a]}', '2:11: copy needs a source: {path: FOLDER}, or {git: ADDRESS, revision: COMMIT}'],
    ['{source: {}}', '2:11: source is either {path: FOLDER}, or {git: ADDRESS, revision: COMMIT}'],
    [
      '{source: {path: a, git: b, revision: c}}',
      '2:11: source is either {path: FOLDER}, or {git: ADDRESS, revision: COMMIT}',
    ],
    ['{source: {git: b}}', '2:11: git needs a revision: a commit, a tag or a branch'],
    ['{source: {path: a, revision: c}}', '2:29: a folder has no revision; give git in place of path, or remove it'],
    ['{source: {path: a}, copy: [../b]}', '2:37: copy "../b": a path in the source, without ..'],
    ['{source: {path: a}, copy: [/b]}', '2:37: copy "/b": a path in the source, without ..'],
    [
      '{source: {path: a}, copy: [x/b, y/b/]}',
      '2:42: copy "y/b/" and "x/b" would both be copied_file/b; copy a folder above them',
    ],
    [
      '{source: {git: "https://me:secret@host/x", revision: v1}}',
      '2:25: git must be a repository as git clone takes it, without a password',
    ],
    [
      '{source: {git: "--upload-pack=x", revision: v1}}',
      '2:25: git must be a repository as git clone takes it, without a password',
    ],
    ['{source: {git: x, revision: "-x"}}', '2:38: revision must be a commit, a tag or a branch'],
  ])('%s is refused', async (text, told) => {
    const found = await problems(entry(text));
    expect(found.map((line) => line.replace(/, not .*$/, ''))).toEqual([`${LIST}:${told}`]);
  });

  it('are folders relative to the list, or repositories; all of them is copied unless told', async () => {
    const images = async (text: string) => (await loadEdited(entry(text))).images;
    const [folder] = await images('{source: {path: trees/a}}');
    expect(folder).toMatchObject({
      copy: ['.'],
      source: { kind: 'folder', path: expect.stringMatching(/^\/.*\/trees\/a$/), shown: 'trees/a' },
    });
    expect(folder?.source?.where).toMatch(/service-list\.yaml:2:11$/);
    const [git] = await images('{source: {git: "https://host/x.git", revision: v1}, copy: [a, b/c]}');
    expect(git).toMatchObject({
      copy: ['a', 'b/c'],
      source: { kind: 'git', url: 'https://host/x.git', revision: 'v1' },
    });
    const [near] = await images('{source: {git: ../x, revision: v1}}');
    expect(near?.source).toMatchObject({ url: expect.stringMatching(/^\/.*\/x$/) });
    const [ssh] = await images('{source: {git: "git@host:x.git", revision: v1}}');
    expect(ssh?.source).toMatchObject({ url: 'git@host:x.git' });
  });
});
