import { chmodSync, cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect } from 'vitest';
import { loadCluster } from '../../../src/cluster/load.js';
import type { Cluster } from '../../../src/cluster/model.js';
import { placed } from '../../../src/cluster/problems.js';
import { PaiError } from '../../../src/model/errors.js';
import { Secret } from '../../../src/model/secret.js';

export const EXAMPLE = fileURLToPath(new URL('../../../cluster-configuration', import.meta.url));
export const EXAMPLE_LIST = fileURLToPath(new URL('../../../service-list.yaml', import.meta.url));
export const FIXTURE = fileURLToPath(new URL('../../fixtures/configuration', import.meta.url));
export const LIST = 'service-list.yaml';
export const CLUSTER = 'cluster-configuration.yaml';
export const KUBERNETES = 'kubernetes-configuration.yaml';
export const ROLES = 'k8s-role-definition.yaml';
export const SERVICES = 'services-configuration.yaml';

const made: string[] = [];

/** Removes what `edited` made; for `afterEach`. */
export function removeEdited(): void {
  for (const folder of made.splice(0)) rmSync(folder, { recursive: true });
}

/** Replaces text that is once in a file. */
export type Edit = readonly [file: string, from: string, to: string];

/** The fixture's cluster (3 masters, a proxy, 2 workers) with some text replaced. */
export function edited(...edits: readonly Edit[]): string {
  const folder = mkdtempSync(join(tmpdir(), 'pai-cluster-'));
  made.push(folder);
  cpSync(FIXTURE, folder, { recursive: true });
  for (const [file, from, to] of edits) {
    const text = readFileSync(join(folder, file), 'utf8');
    if (text.split(from).length !== 2) throw new Error(`"${from}" must be once in ${file}`);
    writeFileSync(
      join(folder, file),
      text.replace(from, () => to),
    );
  }
  return folder;
}

export function load(folder: string): Promise<Cluster> {
  return loadCluster({ configurationDirectory: folder, serviceListFile: join(folder, LIST) });
}

export function loadEdited(...edits: readonly Edit[]): Promise<Cluster> {
  return load(edited(...edits));
}

export async function failure(work: Promise<unknown>): Promise<PaiError> {
  const error = await work.then(
    () => new Error('it was accepted'),
    (thrown: unknown) => thrown,
  );
  if (!(error instanceof PaiError)) throw error;
  return error;
}

/** The problems of the edited fixture, without the folder in front. */
export async function problems(...edits: readonly Edit[]): Promise<readonly string[]> {
  const folder = edited(...edits);
  const error = await failure(load(folder));
  expect(error.code).toBe('CONFIG_INVALID');
  expect(error.exitCode).toBe(2);
  return error.details.map((line) => line.replace(`${folder}/`, ''));
}

/** The warnings about the edited fixture, which is accepted and its owner's only, without the folder in front. */
export async function warnings(...edits: readonly Edit[]): Promise<readonly string[]> {
  const folder = edited(...edits);
  for (const name of [CLUSTER, SERVICES]) chmodSync(join(folder, name), 0o600);
  const told: string[] = [];
  await loadCluster({
    configurationDirectory: folder,
    serviceListFile: join(folder, LIST),
    warn: (found) => told.push(...found.map(placed)),
  });
  return told.map((line) => line.replaceAll(`${folder}/`, ''));
}

export function hostOf(cluster: Cluster, name: string) {
  const host = cluster.hosts.find((candidate) => candidate.name === name);
  if (!host) throw new Error(`no host ${name}`);
  return host;
}

/** A value with the texts of the secrets in it. */
export async function plain(value: unknown): Promise<unknown> {
  if (value instanceof Secret) return value.reveal();
  if (Array.isArray(value)) return Promise.all(value.map(plain));
  if (typeof value !== 'object' || value === null) return value;
  const entries = Object.entries(value).map(async ([name, inner]) => [name, await plain(inner)] as const);
  return Object.fromEntries(await Promise.all(entries));
}
