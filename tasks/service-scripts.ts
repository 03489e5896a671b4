import { chmod, mkdir, mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import path from 'node:path';
import {
  type ActionContext,
  type BesidesObjects,
  type Cluster,
  type FingerprintPart,
  isManifest,
  PaiError,
  type ProjectFolders,
  runCommand,
  type ServiceEntry,
} from 'pai';

/** Whose scripts these are, and what the templates of its folder see. */
export interface ScriptedService {
  readonly cluster: Cluster;
  readonly service: ServiceEntry;
  readonly project: ProjectFolders;
  variables(context: ActionContext): Promise<Record<string, unknown>>;
}

/** A file of the service's folder that is no manifest, rendered. */
interface FolderFile {
  /** Relative, without `.template`. */
  readonly path: string;
  readonly content: string | Uint8Array;
  readonly executable: boolean;
  /** It was rendered, so configuration's secrets may be in it. */
  readonly rendered: boolean;
}

const TEMPLATE_SUFFIX = '.template';

/**
 * The startscript of a service, run here after all pods are ready. It depends on every file of the service's folder but the manifests, which count by
 * themselves, and the stopscript.
 */
export function startScript(scripted: ScriptedService): BesidesObjects {
  const { startScript: script = '', stopScript: other } = scripted.service;
  return {
    async parts(context) {
      const files = (await folderFiles(scripted, context)).filter((file) => file.path !== other || other === script);
      refuseMissing(scripted, files, 'startscript', script);
      const modes = files.filter(({ executable }) => executable).map(({ path: name }) => name);
      return [...files.map(partOf), { name: 'executable files', value: modes }];
    },
    run: (context) => runScript(scripted, 'startscript', script, context),
  };
}

/** Runs the stopscript of a service. */
export async function stopScript(scripted: ScriptedService, context: ActionContext): Promise<void> {
  const { stopScript: script } = scripted.service;
  if (script !== undefined) await runScript(scripted, 'stopscript', script, context);
}

function partOf({ path: name, content, rendered }: FolderFile): FingerprintPart {
  return { name: `file ${name}`, value: content, ...(rendered && { secret: true }) };
}

async function folderFiles(scripted: ScriptedService, context: ActionContext): Promise<readonly FolderFile[]> {
  const { templates } = context.drivers;
  const folder = `services/${scripted.service.name}`;
  const found = (await templates.list(folder)).filter(({ path: name }) => !isManifest(name));
  const variables = found.some(({ path: name }) => name.endsWith(TEMPLATE_SUFFIX))
    ? await scripted.variables(context)
    : {};
  return Promise.all(
    found.map(async ({ path: name, mode }) => {
      const rendered = name.endsWith(TEMPLATE_SUFFIX);
      const file = `${folder}/${name}`;
      return {
        path: rendered ? name.slice(0, -TEMPLATE_SUFFIX.length) : name,
        content: rendered ? await templates.render(file, variables) : await templates.read(file),
        executable: (mode & 0o100) !== 0,
        rendered,
      };
    }),
  );
}

function refuseMissing(
  { service: { name } }: ScriptedService,
  files: readonly FolderFile[],
  kind: string,
  script: string,
): void {
  if (files.some((file) => file.path === script)) return;
  throw new PaiError('CONFIG_MISSING', `templates/services/${name} has no ${script}, the ${kind} of ${name}`, {
    where: `templates/services/${name}`,
    next: `Add it, or correct ${kind} in service-list.yaml.`,
  });
}

/**
 * Runs a script in a copy of the service's folder that only this user can read, and removes that again. It finds the cluster by KUBECONFIG, and kubectl of
 * the cluster's own release in front of its PATH. What it says goes to the target's log.
 */
async function runScript(
  scripted: ScriptedService,
  kind: string,
  script: string,
  context: ActionContext,
): Promise<void> {
  const files = await folderFiles(scripted, context);
  refuseMissing(scripted, files, kind, script);
  const { cluster, service, project } = scripted;
  const all = path.join(project.cache, 'services');
  await mkdir(all, { recursive: true, mode: 0o700 });
  // The project is held: what is there is left of a run that was killed.
  for (const left of await readdir(all)) {
    if (left.replace(/-[^-]*$/, '') === service.name) await rm(path.join(all, left), { recursive: true, force: true });
  }
  const work = await mkdtemp(path.join(all, `${service.name}-`));
  try {
    const folder = path.join(work, 'folder');
    await mkdir(folder, { mode: 0o700 });
    for (const file of files) {
      const at = path.join(folder, file.path);
      await mkdir(path.dirname(at), { recursive: true, mode: 0o700 });
      await writeFile(at, file.content, { mode: 0o600 });
      if (file.executable || file.path === script) await chmod(at, 0o700);
    }
    const kubeconfig = path.join(work, 'kubeconfig');
    await writeFile(kubeconfig, await context.drivers.kube.kubeconfig(), { mode: 0o600 });
    context.log(`running ${script}`);
    const places = [cluster.operatorDirectory, process.env.PATH ?? ''].join(path.delimiter);
    await runCommand(context, `./${script}`, [], {
      cwd: folder,
      env: { KUBECONFIG: kubeconfig, PATH: places },
    });
  } finally {
    await rm(work, { recursive: true, force: true });
  }
}
