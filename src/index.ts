/** What a `paifile.ts` and its tasks import as `from 'pai'`. Loading it must stay cheap: no driver's package is reached from here. */

export { SKU_LABEL } from './cluster/labels.js';
export type {
  Addresses,
  Cluster,
  HadoopConfiguration,
  Host,
  ImageEntry,
  KubernetesConfiguration,
  PackageSource,
  PodNetwork,
  RegistryConfiguration,
  Role,
  ServiceEntry,
  ServicesConfiguration,
  Sku,
  VirtualCluster,
} from './cluster/model.js';
export { configurationError, type Problem } from './cluster/problems.js';
export { readNodeList } from './cluster/read-node-list.js';
export { readYaml, type YamlFile } from './cluster/read-yaml.js';
export {
  type ContainerRuntime,
  minorRelease,
  NEWEST_MINOR,
  OLDEST_MINOR,
} from './cluster/release.js';
export { baseImages } from './docker/base-images.js';
export { type ImageSpec, imageAction } from './docker/image-action.js';
export { isManifest, type ManifestFolder, parseManifest, readManifests } from './kube/manifests.js';
export { type BesidesObjects, type ObjectsSpec, objectsAction } from './kube/objects-action.js';
export {
  type ArchiveRequest,
  type DownloadRequest,
  download,
  publishedSha512,
  type RequestOptions,
  readArchive,
  sha512Of,
} from './local/archives.js';
export { type FilesSpec, filesAction } from './local/files-action.js';
export { type RenderedSpec, renderedAction } from './local/rendered-action.js';
export { type CommandOptions, runCommand } from './local/run-command.js';
export type * from './model/drivers.js';
export { type ErrorCode, PaiError, type PaiErrorOptions } from './model/errors.js';
export type { Json, JsonObject } from './model/json.js';
export type { CommandValue, LocalCommand, LocalTask, Workshop } from './model/local.js';
export type {
  Operation,
  OperationContext,
  OperationOptions,
  OperationPlan,
  OperationReport,
  Round,
  Step,
} from './model/operation.js';
export type { PlanEntry, Reason, State } from './model/plan.js';
export { reveal, Secret } from './model/secret.js';
export type { Observation, Stamp } from './model/stamp.js';
export { didYouMean } from './model/suggest.js';
export type {
  Action,
  ActionContext,
  Allowance,
  ApplyContext,
  Declaration,
  Desired,
  FingerprintPart,
  Group,
  Need,
  PoolUse,
  Target,
} from './model/target.js';
export { uriHost } from './model/uri-host.js';
export type { LogLine, LogOptions, PodState, TargetState, WorkloadState } from './model/workloads.js';
export {
  type Collection,
  type EachOptions,
  type GroupRef,
  type Known,
  type Language,
  type Named,
  type Needed,
  type Order,
  type Paifile,
  type ProjectFolders,
  paifile,
  type Reference,
  type TargetOptions,
  type TargetRef,
} from './paifile/language.js';
export { pkiAction } from './pki/pki-action.js';
export { type HostActionSpec, type HostTask, hostAction, type LateFiles } from './ssh/host-action.js';
