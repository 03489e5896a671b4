import { afterAll, beforeAll, expect, it } from 'vitest';
import { expectEnd, expectFailure } from './project.js';
import type { World, WorldKind } from './story.js';

/**
 * What goes wrong with an image or a service ends in one clear error, leaves what runs and what others do alone, and is
 * repaired by the next run. On a cluster that is up, or is brought up first.
 */
export function tellBadServices(open: () => Promise<World>, kind: WorldKind): void {
  let world: World;

  beforeAll(async () => {
    world = await open();
    expectEnd(await world.project.pai('run', 'services'), { failed: 0, skipped: 0 });
  });
  afterAll(() => world?.project.remove());

  const run = () => world.project.pai('run', 'services');
  const nothingToDo = async () => expectEnd(await run(), { ran: 0, failed: 0, skipped: 0 });
  /** What ran before still serves. */
  const expectUntouched = async () => {
    if (kind.pods) expect(await world.page?.()).toBe(`pylon of ${world.cluster}\n`);
  };
  /** Gives service:cluster-configuration something to do, so that it can be seen that others' work goes on. */
  const otherWork = async () => {
    expectEnd(await world.project.pai('clean', 'service:cluster-configuration'), { ran: 1, failed: 0 });
  };

  it('a registry that refuses the password is told with the file to correct', async () => {
    const fix = await world.project.edit('services-configuration.yaml', (text) =>
      text.replace(/("?docker-password"?: )"?[^",\n]+"?/, '$1"wrong"'),
    );
    const result = await run();
    const failure = expectFailure(
      result,
      'image:pylon',
      'REGISTRY_AUTH',
      new RegExp(world.registry.replaceAll('.', '\\.')),
    );
    expect(failure.next).toContain('services-configuration.yaml');
    // The pull secret is another one: that is applied, and applied again when the password is right.
    expect(result.ran).toEqual(['service:cluster-configuration']);
    await fix();
    expect((await run()).ran).toEqual(['service:cluster-configuration']);
    await nothingToDo();
  });

  it('a template with an undefined variable is told with file and line', async () => {
    await otherWork();
    const fix = await world.project.edit('templates/services/pylon/pylon.yaml.template', (text) =>
      text.replace("clusterinfo['pylon']['port']", "clusterinfo['pylon']['pory']"),
    );
    const result = await run();
    const failure = expectFailure(result, 'service:pylon', 'TEMPLATE', /pylon\.yaml\.template:\d+/);
    expect(failure.message).toContain('pory');
    expect(result.ran).toEqual(['service:cluster-configuration']);
    await expectUntouched();
    await fix();
    await nothingToDo();
  });

  it('an image that does not build is told with the last lines of the build', async () => {
    await otherWork();
    // Where nothing is run, a file that is not there has to do.
    const [line, words] = kind.pods
      ? ['RUN echo this can not work && exit 3', 'this can not work']
      : ['COPY no-such-file /', 'no-such-file'];
    const fix = await world.project.edit('templates/images/pylon/Dockerfile', (text) =>
      text.replace('COPY nginx.conf', `${line}\nCOPY nginx.conf`),
    );
    const result = await run();
    const failure = expectFailure(result, 'image:pylon', 'IMAGE_BUILD', /pylon/);
    expect([failure.message, ...(failure.details ?? [])].join('\n')).toContain(words);
    expect(result.ran).toEqual(['service:cluster-configuration']);
    await expectUntouched();
    await fix();
    await nothingToDo();
  });

  it('a manifest that the API server refuses is told with the object and the reason', async () => {
    await otherWork();
    const fix = await world.project.edit('templates/services/pylon/pylon.yaml.template', (text) =>
      text.replace('containerPort: {{ port }},', 'containerPort: 700000,'),
    );
    const result = await run();
    const failure = expectFailure(result, 'service:pylon', 'KUBE_REFUSED', /DaemonSet.*pylon/);
    expect(failure.message).toContain('containerPort');
    expect(result.ran).toEqual(['service:cluster-configuration']);
    await expectUntouched();
    await fix();
    expect((await run()).ran).toEqual(['service:pylon']);
    await nothingToDo();
  });

  it.runIf(kind.pods)('pods that do not come up are told with their reason and last log lines', async () => {
    const fix = await world.project.edit('templates/services/pylon/pylon.yaml.template', (text) =>
      text.replace('pid /run/pylon/nginx.pid;', 'no_such_directive on;\n    pid /run/pylon/nginx.pid;'),
    );
    const result = await run();
    const failure = expectFailure(result, 'service:pylon', 'ROLLOUT', /DaemonSet.*pylon/);
    expect([failure.message, ...(failure.details ?? [])].join('\n')).toContain('no_such_directive');
    await fix();
    expect((await run()).ran).toEqual(['service:pylon']);
    await expectUntouched();
  });

  it('pods whose image is not there are told with its name, and what ran before can be brought back', async () => {
    const fix = await world.project.edit('templates/services/pylon/pylon.yaml.template', (text) =>
      text.replace("image: {{ images['pylon'] }}", `image: ${world.registry}/pai/no-such-image:v1`),
    );
    const result = await run();
    const failure = expectFailure(result, 'service:pylon', 'ROLLOUT', /DaemonSet.*pylon/);
    expect([failure.message, ...(failure.details ?? [])].join('\n')).toMatch(/ImagePull.*no-such-image/s);
    expect(failure.next).toContain('pai run service:pylon --rollback');
    const back = await world.project.pai('run', 'service:pylon', '--rollback');
    expectEnd(back, { ran: 1, failed: 0 });
    expect(back.text).toMatch(/service:pylon: back to revision \d+/);
    await expectUntouched();
    // What is there is as it was before the template was changed, and a plan knows.
    const planned = await world.project.pai('run', 'service:pylon', '--dry-run');
    expect(planned.text).toContain('"kind":"changed","parts":[{"name":"DaemonSet default/pylon"');
    await fix();
    await nothingToDo();
  });

  it('a misspelt configuration key is told with its place and leaves with exit code 2', async () => {
    const fix = await world.project.edit('services-configuration.yaml', (text) =>
      text.replace('data-path', 'data-pth'),
    );
    const result = await run();
    expect(result.code).toBe(2);
    expect(result.text).toMatch(/services-configuration\.yaml:\d+:\d+/);
    expect(result.text).toContain('data-path');
    await fix();
  });
}
