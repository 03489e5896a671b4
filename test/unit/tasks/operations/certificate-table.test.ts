import fc from 'fast-check';
import { beforeAll, describe, expect, it } from 'vitest';
import type { CertificateSpec } from '../../../../src/model/drivers.js';
import { createAuthority, issueCertificate } from '../../../../src/pki/certificates.js';
import {
  authoritiesOf,
  readAnswer,
  rowOf,
  rowsOfHost,
  rowToJson,
  tableOf,
} from '../../../../tasks/operations/certificate-table.js';
import { fakeHost } from '../../paifile/actions.js';

const now = new Date('2026-01-01T12:00:00Z');
const cluster = createAuthority('kubernetes-ca', 10, now);
const next = createAuthority('kubernetes-ca', 10, now);
const foreign = createAuthority('kubernetes-ca', 10, now);
const material = new Map([['ca.crt', cluster.certificate + next.certificate]]);
const authorities = authoritiesOf(material);
const spec: CertificateSpec = {
  ca: 'cluster',
  commonName: 'system:node:n',
  organizations: ['system:nodes'],
  dnsNames: [],
  ipAddresses: [],
  usages: ['client'],
  days: 365,
};

function leaf(days: number, by = cluster): string {
  return issueCertificate({ ...spec, days }, by, now).certificate;
}

function row(pem: string, file = '/etc/kubernetes/pki/kubelet-client.crt') {
  return rowOf({ host: 'h1', file, pem }, authorities, now);
}

describe('a certificate', () => {
  it('is told with what it is for, who signed it, and whole days', () => {
    expect(row(leaf(365))).toMatchObject({
      host: 'h1',
      purpose: 'kubelet to the API server',
      subject: 'O=system:nodes, CN=system:node:n',
      signedBy: 'cluster CA',
      days: 365,
    });
    expect(row(leaf(365)).problem).toBeUndefined();
  });

  it('is trouble from 60 days before its end on', () => {
    expect(row(leaf(60)).problem).toBeUndefined();
    expect(row(leaf(59)).problem).toBe('expires soon');
    const later = new Date(now.getTime() + 3 * 86_400_000);
    const late = rowOf({ host: 'h1', file: 'a.crt', pem: leaf(2) }, authorities, later);
    expect(late).toMatchObject({ problem: 'has expired', days: -1 });
  });

  it('is told by the authority that signed it, where two have the same name', () => {
    expect(row(leaf(365, next)).signedBy).toBe('cluster CA (the other one)');
    expect(row(leaf(365, foreign))).toMatchObject({ problem: "none of the cluster's authorities signed it" });
  });

  it('that is none is told as that', () => {
    fc.assert(
      fc.property(fc.base64String({ maxLength: 200 }), (text) => {
        const damaged = row(`-----BEGIN CERTIFICATE-----\n${text}\n-----END CERTIFICATE-----`);
        expect(damaged.problem).toBe('is not a certificate');
      }),
    );
  });
});

describe('the answer of a host', () => {
  const host = fakeHost('h1');
  let good: string;
  beforeAll(() => {
    good = leaf(365);
  });

  function answer(sections: Readonly<Record<string, string>>) {
    return {
      host,
      text: Object.entries(sections)
        .map(([file, pem]) => `== ${file}\n${pem}`)
        .join(''),
    };
  }

  it('has a row for each certificate of each file', () => {
    const found = readAnswer('h1', answer({ '/a.crt': good + good, '/b.crt': '', '/c.pem': good }).text);
    expect(found.map(({ file }) => file)).toEqual(['/a.crt', '/a.crt', '/c.pem']);
  });

  it('tells what is missing of what should be there', () => {
    const rows = rowsOfHost(
      answer({ '/etc/kubernetes/pki/kubelet-client.crt': good }),
      ['kubelet-client', 'kubelet-server'],
      authorities,
      now,
    );
    expect(rows.map(({ file, problem }) => [file, problem])).toEqual([
      ['/etc/kubernetes/pki/kubelet-client.crt', undefined],
      ['/etc/kubernetes/pki/kubelet-server.crt', 'is missing'],
    ]);
  });

  it("does not mind that kubelet's first certificate ends once kubelet has renewed it", () => {
    const first = { '/etc/kubernetes/pki/kubelet-client.crt': leaf(3) };
    const rotated = { '/var/lib/kubelet/pki/kubelet-client-current.pem': good };
    expect(rowsOfHost(answer(first), [], authorities, now)[0]?.problem).toBe('expires soon');
    expect(rowsOfHost(answer({ ...first, ...rotated }), [], authorities, now).map((one) => one.problem)).toEqual([
      undefined,
      undefined,
    ]);
    const foreignOne = { '/etc/kubernetes/pki/kubelet-client.crt': leaf(3, foreign) };
    expect(rowsOfHost(answer({ ...foreignOne, ...rotated }), [], authorities, now)[0]?.problem).toMatch(
      /none of the cluster/,
    );
  });

  it('of one that is silent is told in its place', () => {
    const rows = rowsOfHost({ host, problem: 'host h1 does not answer' }, ['kubelet-client'], authorities, now);
    expect(tableOf(rows, new Map([['h1', 'worker']]))).toBe('h1 (worker)\n  host h1 does not answer\n');
  });

  it('is read whatever it is, and no certificate is made up', () => {
    fc.assert(
      fc.property(
        fc.string({ unit: fc.constantFrom('== ', '\n', '/a.crt', 'x', '-----BEGIN CERTIFICATE-----') }),
        (text) => {
          expect(readAnswer('h1', text)).toEqual([]);
        },
      ),
    );
  });
});

it('machines get the end as ISO 8601, and nothing of a key or a certificate', () => {
  const json = rowToJson(row(leaf(10)));
  expect(json.expires).toBe('2026-01-11T12:00:00.000Z');
  expect(JSON.stringify(json)).not.toMatch(/BEGIN/);
});
