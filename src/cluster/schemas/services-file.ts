import { flag, mapping, named, otherwise, port, type Schema, secret, text } from './parts.js';

const registry = mapping(['docker-namespace', 'docker-registry-domain', 'docker-tag', 'secret-name'], {
  'docker-namespace': text('image-path'),
  'docker-registry-domain': text('registry'),
  'docker-username': text(),
  'docker-password': secret,
  'docker-tag': text('image-tag'),
  'secret-name': text('object-name'),
  'docker-registry-ca': text(),
  'docker-registry-insecure': otherwise('false', flag),
});

const cluster = mapping(['clusterid', 'docker-registry-info'], {
  clusterid: text('identifier'),
  'nvidia-drivers-version': text(),
  'docker-verison': text(),
  'docker-version': text(),
  'data-path': otherwise('/datastorage', text('absolute-path')),
  'docker-registry-info': registry,
});

const virtualCluster = mapping(['capacity'], {
  description: text(),
  capacity: { type: 'number', minimum: 0 },
});

const hadoop = mapping([], {
  'custom-hadoop-binary-path': otherwise('None', text()),
  'hadoop-version': otherwise('2.9.0', text('identifier')),
  'hadoop-download-url': otherwise(
    'https://archive.apache.org/dist/hadoop/common/hadoop-{version}/hadoop-{version}.tar.gz',
    text('web-address'),
  ),
  'hadoop-sha512': text('sha512'),
  virtualClusters: otherwise({}, named('identifier', virtualCluster)),
});

/** services-configuration.yaml; a section that is left out has its defaults. */
export const servicesFileSchema: Schema = mapping(['cluster'], {
  cluster,
  hadoop: otherwise({}, hadoop),
  frameworklauncher: otherwise({}, mapping([], { 'frameworklauncher-port': otherwise(9086, port) })),
  restserver: otherwise(
    {},
    mapping([], {
      'server-port': otherwise(9186, port),
      'jwt-secret': secret,
      'default-pai-admin-username': text(),
      'default-pai-admin-password': secret,
    }),
  ),
  webportal: otherwise({}, mapping([], { 'server-port': otherwise(9286, port) })),
  grafana: otherwise({}, mapping([], { 'grafana-port': otherwise(3000, port) })),
  prometheus: otherwise(
    {},
    mapping([], { 'prometheus-port': otherwise(9091, port), 'node-exporter-port': otherwise(9100, port) }),
  ),
  pylon: otherwise({}, mapping([], { port: otherwise(80, port) })),
});
