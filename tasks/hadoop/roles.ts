/** Who is given a configuration of its own. A client is whatever only talks to HDFS and YARN: one-time jobs, the launcher, tests. */
export const ROLES = [
  'hadoop-name-node',
  'hadoop-data-node',
  'hadoop-resource-manager',
  'hadoop-node-manager',
  'hadoop-jobhistory',
  'hadoop-client',
] as const;
export type Role = (typeof ROLES)[number];

/** The role whose configuration differs from machine to machine: it has one for each SKU. */
export const PER_SKU: Role = 'hadoop-node-manager';

/** Sections of a table of properties that are no role: see templates/hadoop/overlays.yaml. */
export const SHARED_SECTIONS = ['each-queue', 'all-roles'] as const;
export type Section = (typeof SHARED_SECTIONS)[number] | Role;

/** All sections, in the order in which they are applied. */
export const SECTIONS: readonly Section[] = [...SHARED_SECTIONS, ...ROLES];

/** Files of every role: properties in XML, or variables of a shell script. */
export const FILES = [
  'core-site.xml',
  'hdfs-site.xml',
  'mapred-site.xml',
  'yarn-site.xml',
  'capacity-scheduler.xml',
  'hadoop-env.sh',
  'yarn-env.sh',
] as const;
export type FileName = (typeof FILES)[number];
