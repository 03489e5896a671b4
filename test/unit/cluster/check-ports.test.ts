import { afterEach, describe, expect, it } from 'vitest';
import { CLUSTER, type Edit, loadEdited, problems, removeEdited, SERVICES } from './configuration-fixture.js';

afterEach(removeEdited);

/** Sections below the fixture's services. */
function services(text: string): Edit {
  return [SERVICES, '\nrestserver:', `\n${text}\nrestserver:`];
}

describe('ports', () => {
  const cases: readonly [string, readonly Edit[], readonly string[]][] = [
    [
      'two services on one machine',
      [services('grafana: {grafana-port: 9091}')],
      [
        `${SERVICES}:12:25: prometheus.prometheus-port and grafana.grafana-port are both 9091 on m1; give one of them another port`,
      ],
    ],
    [
      'a service and the default of another one, at what is written',
      [services('pylon: {port: 9286}')],
      [`${SERVICES}:12:15: pylon.port and webportal.server-port are both 9286 on m1; give one of them another port`],
    ],
    [
      'a service and a part of Kubernetes',
      [services('webportal: {server-port: 6443}')],
      [`${SERVICES}:12:26: webportal.server-port 6443 is taken on m1 by the API server; choose another port`],
    ],
    [
      'services on many machines',
      [services('prometheus: {node-exporter-port: 10250}')],
      [
        `${SERVICES}:12:34: prometheus.node-exporter-port 10250 is taken on m1, p1, w1 and 1 more by kubelet; choose another port`,
      ],
    ],
    [
      'a service and the dashboard',
      [services('grafana: {grafana-port: 9090}')],
      [`${SERVICES}:12:25: grafana.grafana-port 9090 is taken on m1 by the dashboard; choose another port`],
    ],
    [
      'a service and HDFS',
      [services('grafana: {grafana-port: 50070}')],
      [`${SERVICES}:12:25: grafana.grafana-port 50070 is taken on m1 by the name node; choose another port`],
    ],
    [
      'a service and what others of Hadoop use among themselves',
      [services('grafana: {grafana-port: 8031}\npylon: {port: 10020}\nprometheus: {node-exporter-port: 8040}')],
      [
        `${SERVICES}:12:25: grafana.grafana-port 8031 is taken on m1 by the resource manager; choose another port`,
        `${SERVICES}:13:15: pylon.port 10020 is taken on m1 by the job history; choose another port`,
        `${SERVICES}:14:34: prometheus.node-exporter-port 8040 is taken on w1, w2 by the node manager; choose another port`,
      ],
    ],
    [
      'a service and the SSH that pai logs in by',
      [services('pylon: {port: 2200}')],
      [`${SERVICES}:12:15: sshport and pylon.port are both 2200 on m1; give one of them another port`],
    ],
    [
      'SSH and kubelet',
      [[CLUSTER, 'sshport: 22\n', 'sshport: 10250\n']],
      [`${CLUSTER}:56:14: sshport 10250 is taken on w2 by kubelet; choose another port`],
    ],
    [
      'three on one',
      [services('pylon: {port: 9000}\ngrafana: {grafana-port: 9000}')],
      [
        `${SERVICES}:12:15: pylon.port 9000 is taken on m1 by the name node; choose another port`,
        `${SERVICES}:13:25: grafana.grafana-port 9000 is taken on m1 by the name node; choose another port`,
      ],
    ],
  ];

  it.each(cases)('that meet on a machine are told: %s', async (_, edits, expected) => {
    expect(await problems(...edits)).toEqual(expected);
  });

  it('may be the same on machines that are not', async () => {
    await loadEdited(
      // The dashboard is not where Grafana runs.
      [CLUSTER, '    dashboard: "true"\n', ''],
      [CLUSTER, 'username: ops', 'username: ops\n    dashboard: true'],
      services('grafana: {grafana-port: 9090}'),
    );
  });

  it('that are none are told as that, and by nobody else', async () => {
    expect(await problems(services('grafana: {grafana-port: 0}\npylon: {port: x}'))).toEqual([
      `${SERVICES}:12:25: grafana-port must be at least 1, not "0"`,
      `${SERVICES}:13:15: port must be a whole number, not "x"`,
    ]);
  });
});
