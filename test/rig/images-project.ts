import { cp, mkdir, mkdtemp, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { wholeCatalogue } from '../whole/catalogue.js';
import { Project, root } from '../whole/project.js';
import { rig } from './rig.js';

/** The example's configuration, with the rig's registry; no host is asked anything. */
export class ImagesProject extends Project {
  /** What stands before the names of its images: registry and namespace of this run's own. */
  readonly prefix: string;
  /** Folder with the registry's login, for Docker's own client. */
  readonly login: string;

  private constructor(work: string, prefix: string) {
    super(work, path.join(work, 'configuration'), ['-p', path.join(work, 'configuration')]);
    this.prefix = prefix;
    this.login = path.join(work, 'docker');
  }

  static async create(): Promise<ImagesProject> {
    const { registry } = JSON.parse(await rig('describe.sh'));
    const namespace = `catalogue-${Date.now()}`;
    const work = await mkdtemp(path.join(tmpdir(), 'pai-rig-test-'));
    const project = new ImagesProject(work, `${registry.tls}/${namespace}`);
    await cp(path.join(root, 'cluster-configuration'), project.configuration, { recursive: true });
    const services = {
      cluster: {
        clusterid: 'pai-rig-images',
        'docker-registry-info': {
          'docker-namespace': namespace,
          'docker-registry-domain': registry.tls,
          'docker-username': registry.user,
          'docker-password': registry.password,
          'docker-tag': 'rig',
          'secret-name': 'pai-registry',
          'docker-registry-ca': registry.ca,
        },
        'image-build': { 'base-image': `${registry.plain}/pai/debian:bookworm` },
      },
    };
    await writeFile(path.join(project.configuration, 'services-configuration.yaml'), JSON.stringify(services), {
      mode: 0o600,
    });
    const auth = Buffer.from(`${registry.user}:${registry.password}`).toString('base64');
    await mkdir(project.login);
    await writeFile(path.join(project.login, 'config.json'), JSON.stringify({ auths: { [registry.tls]: { auth } } }), {
      mode: 0o600,
    });
    await project.freshClone();
    return project;
  }

  /** A clone in which the whole catalogue is listed. */
  override async freshClone(): Promise<void> {
    await super.freshClone();
    await this.edit('./service-list.yaml', wholeCatalogue);
  }
}
