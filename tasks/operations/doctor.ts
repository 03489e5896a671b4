import { type Cluster, type JsonObject, type Operation, type OperationReport, PaiError } from 'pai';
import type { Check, Finding } from './security/check.js';
import { CONTROL_PLANE_CHECKS } from './security/control-plane-checks.js';
import type { Facts } from './security/facts.js';
import { gatherFacts } from './security/gather.js';
import { NODE_CHECKS } from './security/node-checks.js';

/** Every point of the security baseline. */
export const SECURITY_CHECKS: readonly Check[] = [...CONTROL_PLANE_CHECKS, ...NODE_CHECKS];

/** `pai doctor --security`: the live cluster against the security baseline. It looks at what runs, not at what was meant to run. */
export function doctorOperation(cluster: Cluster): Operation {
  return {
    name: 'doctor',
    summary: 'check the live cluster against the security baseline',
    async report(context) {
      if (context.options.security !== true) {
        throw new PaiError('USAGE', 'say what to check', {
          next: 'pai doctor --security; of health, pai plan and pai repair tell, and of certificates pai pki status',
        });
      }
      return reportOf(await gatherFacts(cluster, context));
    },
  };
}

/** What the checks find, for people and machines. What could not be checked is not well either. */
export function reportOf(facts: Facts, checks: readonly Check[] = SECURITY_CHECKS): OperationReport {
  const results = checks.map((check) => ({ check, findings: check.findings(facts) }));
  const failed = results.filter(({ findings }) => findings.length > 0);
  const lines = results.flatMap(({ check, findings }) => linesOf(check, findings));
  const counts = `${results.length - failed.length} of ${results.length} checks are well`;
  return {
    text: `${lines.join('\n')}\n\n${counts}\n`,
    json: { checks: results.map(({ check, findings }) => toJson(check, findings)), failed: failed.length },
    exitCode: failed.length === 0 ? 0 : 1,
  };
}

function linesOf({ id, cis, what, cure }: Check, findings: readonly Finding[]): readonly string[] {
  const title = `${id}  ${what}${cis.length === 0 ? '' : ` [${cis.join(', ')}]`}`;
  if (findings.length === 0) return [`ok       ${title}`];
  const state = stateOf(findings) === 'failed' ? 'FAILED ' : 'unknown';
  return [
    `${state}  ${title}`,
    ...findings.map(
      ({ where, seen, unknown }) => `         ${where}: ${unknown === true ? 'could not be checked: ' : ''}${seen}`,
    ),
    `         next: ${cure}`,
  ];
}

function stateOf(findings: readonly Finding[]): 'ok' | 'failed' | 'unknown' {
  if (findings.length === 0) return 'ok';
  return findings.every(({ unknown }) => unknown === true) ? 'unknown' : 'failed';
}

function toJson({ id, cis, what, cure }: Check, findings: readonly Finding[]): JsonObject {
  const state = stateOf(findings);
  const found = findings.map((finding): JsonObject => ({ ...finding }));
  return { id, cis, what, state, ...(state !== 'ok' && { findings: found, next: cure }) };
}
