import { afterEach, describe, expect, it } from 'vitest';
import type { Cluster } from '../../../src/cluster/model.js';
import {
  CLUSTER,
  type Edit,
  failure,
  KUBERNETES,
  LIST,
  loadEdited,
  problems,
  removeEdited,
  SERVICES,
  warnings,
} from './configuration-fixture.js';

afterEach(removeEdited);

describe('old spellings', () => {
  const cases: readonly [string, Edit, readonly string[]][] = [
    [
      'docker-verison',
      [SERVICES, '  clusterid: test', '  clusterid: test\n  docker-verison: 17.06.2'],
      [`${SERVICES}:3:3: docker-verison is taken for docker-version; write docker-version`],
    ],
    [
      'machinetype',
      [CLUSTER, 'machine-type: GPU', 'machinetype: GPU'],
      [`${CLUSTER}:45:5: machinetype is taken for machine-type; write machine-type`],
    ],
    [
      'snake_case',
      [KUBERNETES, 'load-balance-ip', 'load_balance_ip'],
      [`${KUBERNETES}:3:3: load_balance_ip is taken for load-balance-ip; write load-balance-ip`],
    ],
    [
      'snake_case of camelCase',
      [CLUSTER, 'dataFolder', 'data_folder'],
      [`${CLUSTER}:13:5: data_folder is taken for dataFolder; write dataFolder`],
    ],
    [
      'the name of a whole list',
      [CLUSTER, 'machine-list:', 'machinelist:'],
      [`${CLUSTER}:15:1: machinelist is taken for machine-list; write machine-list`],
    ],
    [
      'of the service list',
      [LIST, 'service-list:', 'service_list:'],
      [`${LIST}:3:1: service_list is taken for service-list; write service-list`],
    ],
  ];

  it.each(cases)('are taken for what they mean, with a hint: %s', async (_, edit, expected) => {
    expect(await warnings(edit)).toEqual(expected);
  });

  it('are told once for a file, with how often', async () => {
    const edits = ['m1', 'm2', 'w2'].map((name): Edit => [CLUSTER, `hostname: ${name}`, `host_name: ${name}`]);
    expect(await warnings(...edits)).toEqual([
      `${CLUSTER}:16:5: host_name is taken for hostname, 3 times in this file; write hostname`,
    ]);
  });

  it('give the same model, fields in the same order', async () => {
    const plain = await loadEdited();
    const old = await loadEdited(
      [CLUSTER, 'machine-list:', 'MachineList:'],
      [CLUSTER, 'machine-type: GPU', 'machinetype: GPU'],
      [SERVICES, 'docker-registry-info:', 'dockerRegistryInfo:'],
      [SERVICES, 'docker-tag:', 'docker_tag:'],
    );
    const shown = async ({ hosts, kubernetes, variables }: Cluster) =>
      JSON.stringify([hosts.map(({ raw }) => raw), kubernetes, await variables.services(), variables.images]);
    expect(await shown(old)).toBe(await shown(plain));
  });

  it('are known of secrets too', async () => {
    const cluster = await loadEdited(
      [SERVICES, 'docker-password: registry-secret', 'docker_password: !file key'],
      [SERVICES, 'jwt-secret: jwt-hidden', 'jwt_secret: jwt-hidden'],
    );
    expect(await cluster.services.restserver.jwtSecret?.reveal()).toBe('jwt-hidden');
    expect((await failure(cluster.revealSecrets())).details[0]).toContain(
      `${SERVICES}:7:28: docker-password: there is no file key`,
    );
  });

  it('do not hide where something is wrong', async () => {
    expect(
      await problems(
        [CLUSTER, 'machine-list:', 'machinelist:'],
        [CLUSTER, 'machine-type: GPU', 'machinetype: GPUS'],
        [SERVICES, 'docker-registry-info:', 'docker_registry_info:'],
        [SERVICES, 'docker-tag: v7', 'docker_tag: ":7"'],
        [KUBERNETES, 'cluster-dns: 10.1.0.254', 'cluster_dns:'],
      ),
    ).toEqual([
      `${CLUSTER}:45:18: machine-type "GPUS" is not in machine-sku; did you mean GPU?`,
      `${KUBERNETES}:2:3: cluster_dns has no value: give it one or remove the line`,
      `${SERVICES}:8:17: docker-tag must be an image tag such as v1.20.2, not ":7"`,
    ]);
  });

  it('are refused beside the right one', async () => {
    expect(await problems([CLUSTER, 'machine-type: GPU', 'machine-type: GPU\n    machinetype: GPU'])).toEqual([
      `${CLUSTER}:46:5: machinetype is the same as machine-type: give only machine-type`,
    ]);
  });

  it('are no excuse for other letters', async () => {
    expect(
      await problems(
        [CLUSTER, 'hostname: w1', 'host_nmae: w1'],
        [SERVICES, 'clusterid: test', 'clusterid: test\n  __proto__: x'],
      ),
    ).toEqual([
      `${CLUSTER}:43:5: unknown key "host_nmae"; did you mean hostname?`,
      `${SERVICES}:3:3: unknown key "__proto__"; known here: clusterid, nvidia-drivers-version, docker-version, data-path, image-build, docker-registry-info`,
    ]);
  });
});
