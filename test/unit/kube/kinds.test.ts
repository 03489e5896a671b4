import { describe, expect, it } from 'vitest';
import { builtInResource, inSteps, isWorkload, resourcePath } from '../../../src/kube/kinds.js';

describe('a kind of Kubernetes itself', () => {
  it.each([
    ['v1', 'ConfigMap', 'configmaps', true],
    ['v1', 'Endpoints', 'endpoints', true],
    ['v1', 'Namespace', 'namespaces', false],
    ['networking.k8s.io/v1', 'Ingress', 'ingresses', true],
    ['networking.k8s.io/v1', 'NetworkPolicy', 'networkpolicies', true],
    ['networking.k8s.io/v1', 'IngressClass', 'ingressclasses', false],
    ['storage.k8s.io/v1', 'StorageClass', 'storageclasses', false],
    ['policy/v1beta1', 'PodSecurityPolicy', 'podsecuritypolicies', false],
    ['rbac.authorization.k8s.io/v1', 'ClusterRoleBinding', 'clusterrolebindings', false],
    ['rbac.authorization.k8s.io/v1', 'Role', 'roles', true],
    ['apiextensions.k8s.io/v1', 'CustomResourceDefinition', 'customresourcedefinitions', false],
  ])('%s %s is at %s', (apiVersion, kind, plural, namespaced) => {
    expect(builtInResource(apiVersion, kind)).toEqual({ plural, namespaced });
  });

  it('is not guessed for other groups', () => {
    expect(builtInResource('example.com/v1', 'Framework')).toBeUndefined();
  });
});

describe('the path of an object', () => {
  it('has the group, the namespace and an encoded name', () => {
    const role = { plural: 'roles', namespaced: true };
    expect(resourcePath('rbac.authorization.k8s.io/v1', role, 'kube-system', 'system:Boot')).toBe(
      '/apis/rbac.authorization.k8s.io/v1/namespaces/kube-system/roles/system%3ABoot',
    );
    expect(resourcePath('v1', { plural: 'pods', namespaced: true })).toBe('/api/v1/pods');
    expect(resourcePath('v1', { plural: 'nodes', namespaced: false }, 'default', 'n')).toBe('/api/v1/nodes/n');
  });
});

describe('the order of application', () => {
  it('is namespaces, definitions, access, settings, services, workloads, and what needs those', () => {
    const kinds = [
      'Ingress',
      'DaemonSet',
      'Service',
      'Framework',
      'Secret',
      'ClusterRole',
      'CustomResourceDefinition',
      'Namespace',
      'Job',
    ];
    expect(inSteps(kinds.map((kind) => ({ kind }))).map((step) => step.map(({ kind }) => kind))).toEqual([
      ['Namespace'],
      ['CustomResourceDefinition'],
      ['ClusterRole'],
      ['Framework', 'Secret'],
      ['Service'],
      ['DaemonSet', 'Job'],
      ['Ingress'],
    ]);
  });
});

describe('a workload', () => {
  it('is of one of the kinds with a rollout, of Kubernetes itself', () => {
    expect(isWorkload({ apiVersion: 'apps/v1', kind: 'Deployment' })).toBe(true);
    expect(isWorkload({ apiVersion: 'v1', kind: 'ConfigMap' })).toBe(false);
    expect(isWorkload({ apiVersion: 'example.com/v1', kind: 'Deployment' })).toBe(false);
  });
});
