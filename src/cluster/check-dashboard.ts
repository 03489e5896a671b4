import type { Machine } from './check-logins.js';
import type { KubernetesFile, Partially } from './files.js';
import type { Problem } from './problems.js';
import type { YamlFile } from './yaml.js';

/** What is deployed is the dashboard in one image, which there is from release 2 to before 3. */
export function checkDashboard(
  yaml: YamlFile,
  { kubernetes }: Partially<KubernetesFile>,
  machines: readonly Machine[],
): readonly Problem[] {
  const version = kubernetes?.['dashboard-version'];
  if (version === undefined || /^v?2\./.test(version)) return [];
  const at = machines.find(({ dashboard }) => dashboard === 'true');
  if (at === undefined) return [];
  const what = `dashboard-version ${version} is not of release 2, which is the one that is deployed on ${at.hostname}`;
  return [yaml.problem('/kubernetes/dashboard-version', 'value', `${what}; take v2.7.0, or dashboard: "true" from it`)];
}
