import { createHash } from 'node:crypto';
import type { ClusterFile, KubernetesFile, NodeListFile, RoleFile, ServiceListFile, ServicesFile } from '../files.js';
import { formats } from '../formats.js';
import { clusterFileSchema, nodeListFileSchema } from './cluster-file.js';
import { kubernetesFileSchema } from './kubernetes-file.js';
import type { Schema } from './parts.js';
import { roleFileSchema } from './role-file.js';
import { serviceListFileSchema } from './service-list-file.js';
import { servicesFileSchema } from './services-file.js';

/** What is in each kind of file once it agrees with its schema. */
export interface FileTypes {
  cluster: ClusterFile;
  kubernetes: KubernetesFile;
  roles: RoleFile;
  services: ServicesFile;
  serviceList: ServiceListFile;
  nodeList: NodeListFile;
}

/** The JSON Schemas (draft 7) of all files. */
export const schemas: Readonly<Record<keyof FileTypes, Schema>> = {
  cluster: clusterFileSchema,
  kubernetes: kubernetesFileSchema,
  roles: roleFileSchema,
  services: servicesFileSchema,
  serviceList: serviceListFileSchema,
  nodeList: nodeListFileSchema,
};

/** Digest of all that compiled.js is made from, so that one from an older build is not taken. */
export function schemasDigest(): string {
  const sources = Object.entries(formats).map(([name, { test }]) => [name, test.source, test.flags]);
  return createHash('sha256')
    .update(JSON.stringify([schemas, sources]))
    .digest('hex');
}
