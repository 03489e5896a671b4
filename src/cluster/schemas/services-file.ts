import { about, flag, mapping, named, otherwise, port, type Schema, secret, text } from './parts.js';

const registry = mapping(['docker-namespace', 'docker-registry-domain', 'docker-tag', 'secret-name'], {
  'docker-namespace': about('Path of the images in the registry.', text('image-path')),
  'docker-registry-domain': about('The registry, host[:port]; public is Docker Hub.', text('registry')),
  'docker-username': about('Who logs in to the registry. Given with docker-password, or not at all.', text()),
  'docker-password': about('Password of docker-username.', secret),
  'docker-tag': about('Tag of the images.', text('image-tag')),
  'secret-name': about('Name of the pull secret in Kubernetes.', text('object-name')),
  'docker-registry-ca': about("PEM file of the CA that signs the registry's certificate. It must exist.", text()),
  'docker-registry-insecure': about('"true": the registry speaks plain HTTP.', otherwise('false', flag)),
});

const cluster = mapping(['clusterid', 'docker-registry-info'], {
  clusterid: about('Name of the cluster.', text('identifier')),
  'nvidia-drivers-version': about('The driver for hosts with GPUs.', text()),
  'docker-version': about('The release of Docker, for people and templates.', text()),
  'data-path': about(
    'Where services keep their data, on every host.',
    otherwise('/datastorage', text('absolute-path')),
  ),
  'image-build': about(
    'What images are built with, in a closed network.',
    otherwise(
      {},
      mapping([], {
        'base-image': about('What images start from: the build argument BASE_IMAGE of all of them.', text('image')),
        'apt-line': about(
          'Where their packages come from: the build argument APT_LINE of all of them.',
          text('apt-line'),
        ),
      }),
    ),
  ),
  'docker-registry-info': about("The registry that the services' images are pushed to and pulled from.", registry),
});

const virtualCluster = mapping(['capacity'], {
  description: about('For people.', text()),
  capacity: about('Its share in percent. What is left goes to the queue default.', { type: 'number', minimum: 0 }),
});

const hadoop = mapping([], {
  'custom-hadoop-binary-path': about(
    'Archive of an own build of Hadoop; None takes the released one.',
    otherwise('None', text()),
  ),
  'hadoop-version': about('Which release of Hadoop.', otherwise('2.9.0', text('identifier'))),
  'hadoop-download-url': about(
    'Where that is downloaded; {version} stands for it.',
    otherwise(
      'https://archive.apache.org/dist/hadoop/common/hadoop-{version}/hadoop-{version}.tar.gz',
      text('web-address'),
    ),
  ),
  'hadoop-sha512': about('SHA-512 that the archive must have; by default the published one.', text('sha512')),
  virtualClusters: about('Queues of YARN, by a name of yours.', otherwise({}, named('queue-name', virtualCluster))),
});

const restserver = mapping([], {
  'server-port': about('Its port.', otherwise(9186, port)),
  'jwt-secret': about('Signs the tokens of users.', secret),
  'default-pai-admin-username': about('The first administrator.', text()),
  'default-pai-admin-password': about('Password of the first administrator.', secret),
});

const prometheus = mapping([], {
  'prometheus-port': about('Its port.', otherwise(9091, port)),
  'node-exporter-port': about('Port of the node exporters.', otherwise(9100, port)),
});

/** A section in which only a port is set. */
function withPort(description: string, name: string, value: number): Schema {
  return about(description, otherwise({}, mapping([], { [name]: about('Its port.', otherwise(value, port)) })));
}

/** services-configuration.yaml; a section that is left out has its defaults. */
export const servicesFileSchema: Schema = mapping(['cluster'], {
  cluster: about('The cluster as a whole.', cluster),
  hadoop: about('Hadoop.', otherwise({}, hadoop)),
  frameworklauncher: withPort('The launcher of frameworks.', 'frameworklauncher-port', 9086),
  restserver: about('The REST server.', otherwise({}, restserver)),
  webportal: withPort('The web portal.', 'server-port', 9286),
  grafana: withPort('Grafana.', 'grafana-port', 3000),
  prometheus: about('Prometheus.', otherwise({}, prometheus)),
  pylon: withPort('The one entry to all services.', 'port', 80),
});
