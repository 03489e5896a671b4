import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { expectEnd, expectFailure } from '../whole/project.js';
import { RigProject, rig } from './rig.js';

/**
 * What goes wrong with an image or a service ends in one clear error, leaves what runs and what others do alone, and is
 * repaired by the next run. On a cluster of h1 and h2: the one that is there, else a new one. Needs `npm run rig:up`.
 */
let project: RigProject;

beforeAll(async () => {
  await rig('up.sh', 'h1', 'h2');
  project = await RigProject.create('h1', 'h2');
  expectEnd(await project.pai('run', 'services'), { failed: 0, skipped: 0 });
});

afterAll(async () => {
  await project.remove();
});

async function page(): Promise<string> {
  return (await fetch('http://172.30.0.11/')).text();
}

/** Gives service:cluster-configuration something to do, so that it can be seen that others' work goes on. */
async function otherWork(): Promise<void> {
  expectEnd(await project.pai('clean', 'service:cluster-configuration'), { ran: 1, failed: 0 });
}

describe('an image or a service with bad input', () => {
  it('a registry that refuses the password is told with the file to correct', async () => {
    const fix = await project.edit('services-configuration.yaml', (text) =>
      text.replace('"docker-password": "pai-registry"', '"docker-password": "wrong"'),
    );
    const result = await project.pai('run', 'services');
    const failure = expectFailure(result, 'image:pylon', 'REGISTRY_AUTH', /172\.30\.0\.2:5443/);
    expect(failure.next).toContain('services-configuration.yaml');
    // The pull secret is another one: that is applied, and applied again when the password is right.
    expect(result.ran).toEqual(['service:cluster-configuration']);
    await fix();
    expect((await project.pai('run', 'services')).ran).toEqual(['service:cluster-configuration']);
    expectEnd(await project.pai('run', 'services'), { ran: 0, failed: 0, skipped: 0 });
  });

  it('a template with an undefined variable is told with file and line', async () => {
    await otherWork();
    const fix = await project.edit('templates/services/pylon/pylon.yaml.template', (text) =>
      text.replace("clusterinfo['cluster']['clusterid']", "clusterinfo['cluster']['clusterit']"),
    );
    const result = await project.pai('run', 'services');
    const failure = expectFailure(result, 'service:pylon', 'TEMPLATE', /pylon\.yaml\.template:\d+/);
    expect(failure.message).toContain('clusterit');
    expect(result.ran).toEqual(['service:cluster-configuration']);
    expect(await page()).toBe('pylon of pai-rig\n');
    await fix();
    expectEnd(await project.pai('run', 'services'), { ran: 0, failed: 0, skipped: 0 });
  });

  it('an image that does not build is told with the last lines of the build', async () => {
    await otherWork();
    const fix = await project.edit('templates/images/pylon/Dockerfile', (text) =>
      text.replace('COPY nginx.conf', 'RUN echo this can not work && exit 3\nCOPY nginx.conf'),
    );
    const result = await project.pai('run', 'services');
    const failure = expectFailure(result, 'image:pylon', 'IMAGE_BUILD', /pylon/);
    expect(failure.details?.join('\n')).toContain('this can not work');
    expect(result.ran).toEqual(['service:cluster-configuration']);
    expect(await page()).toBe('pylon of pai-rig\n');
    await fix();
    expectEnd(await project.pai('run', 'services'), { ran: 0, failed: 0, skipped: 0 });
  });

  it('a manifest that the API server refuses is told with the object and the reason', async () => {
    await otherWork();
    const fix = await project.edit('templates/services/pylon/pylon.yaml.template', (text) =>
      text.replace('containerPort: {{ port }},', 'containerPort: 700000,'),
    );
    const result = await project.pai('run', 'services');
    const failure = expectFailure(result, 'service:pylon', 'KUBE_REFUSED', /DaemonSet.*pylon/);
    expect(failure.message).toContain('containerPort');
    expect(result.ran).toEqual(['service:cluster-configuration']);
    expect(await page()).toBe('pylon of pai-rig\n');
    await fix();
    expect((await project.pai('run', 'services')).ran).toEqual(['service:pylon']);
    expectEnd(await project.pai('run', 'services'), { ran: 0, failed: 0, skipped: 0 });
  });

  it('pods that do not come up are told with their reason and last log lines', async () => {
    const fix = await project.edit('templates/services/pylon/pylon.yaml.template', (text) =>
      text.replace('pid /run/pylon/nginx.pid;', 'no_such_directive on;\n    pid /run/pylon/nginx.pid;'),
    );
    const result = await project.pai('run', 'services');
    const failure = expectFailure(result, 'service:pylon', 'ROLLOUT', /DaemonSet.*pylon/);
    expect([failure.message, ...(failure.details ?? [])].join('\n')).toContain('no_such_directive');
    await fix();
    expect((await project.pai('run', 'services')).ran).toEqual(['service:pylon']);
    expect(await page()).toBe('pylon of pai-rig\n');
  });

  it('a misspelt configuration key is told with its place and leaves with exit code 2', async () => {
    const fix = await project.edit('services-configuration.yaml', (text) => text.replace('"data-path"', '"data-pth"'));
    const result = await project.pai('run', 'services');
    expect(result.code).toBe(2);
    expect(result.text).toMatch(/services-configuration\.yaml:\d+:\d+/);
    expect(result.text).toContain('data-path');
    await fix();
  });
});
