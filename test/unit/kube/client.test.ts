import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import { KubeClient, type KubeCredentials } from '../../../src/kube/client.js';
import type { PaiError } from '../../../src/model/errors.js';
import { type FakeAnswer, FakeApiServer, type SeenRequest } from './fake-api-server.js';
import { TestAuthority } from './test-certificates.js';

const cleanups: (() => Promise<void>)[] = [];

afterEach(async () => {
  for (const cleanup of cleanups.splice(0).reverse()) await cleanup();
});

async function temporaryFolder(): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'pai-kube-'));
  cleanups.push(() => rm(folder, { recursive: true, force: true }));
  return folder;
}

async function serve(answer: (request: SeenRequest, nth: number) => FakeAnswer, timeoutSeconds = 5) {
  let nth = 0;
  const server = await FakeApiServer.start(await temporaryFolder(), (request) => answer(request, ++nth));
  cleanups.push(() => server.stop());
  return { server, client: clientFor(server.credentials, timeoutSeconds) };
}

function clientFor(credentials: KubeCredentials, timeoutSeconds = 5): KubeClient {
  const client = new KubeClient(async () => credentials, timeoutSeconds);
  cleanups.push(() => client.close());
  return client;
}

const NODES = { method: 'GET', path: '/api/v1/nodes', what: 'list nodes' } as const;

async function failureOf(promise: Promise<unknown>): Promise<PaiError> {
  return promise.then(
    () => expect.fail('it should have failed'),
    (error: PaiError) => error,
  );
}

describe('a request to the API server', () => {
  it.each([
    ['503', { status: 503, body: { kind: 'Status', message: 'etcdserver: leader changed' } }],
    ['429', { status: 429, headers: { 'Retry-After': '1' }, body: { kind: 'Status', message: 'too many requests' } }],
    ['500 by an unexpected EOF', { status: 500, body: { kind: 'Status', message: 'unexpected EOF' } }],
    ['a connection that is reset', 'reset'],
  ] as const)('is sent again after %s', async (_, failure) => {
    const { server, client } = await serve((_request, nth) => (nth === 1 ? failure : { body: { items: [] } }));
    expect(await client.send(NODES)).toEqual({ items: [] });
    expect(server.requests).toHaveLength(2);
  });

  it('is given up after four tries, as something that may pass', async () => {
    const { server, client } = await serve(() => ({ status: 503, body: { message: 'no leader' } }));
    const error = await failureOf(client.send(NODES));
    expect(error).toMatchObject({ code: 'KUBE_UNREACHABLE', retryable: true });
    expect(error.message).toContain('could not list nodes: no leader');
    expect(server.requests).toHaveLength(4);
  });

  it('is not sent again when the manifest does not fit the schema, though old API servers answer 500', async () => {
    const message = 'failed to create typed patch object: .spec.replica: field not declared in schema';
    const { server, client } = await serve(() => ({ status: 500, body: { kind: 'Status', message } }));
    const error = await failureOf(
      client.send({
        ...NODES,
        method: 'PATCH',
        object: 'Deployment default/pylon',
        template: 'services/pylon/pylon.yaml.template',
      }),
    );
    expect(error).toMatchObject({ code: 'KUBE_REFUSED', where: 'Deployment default/pylon' });
    expect(error.next).toContain('templates/services/pylon/pylon.yaml.template');
    expect(server.requests).toHaveLength(1);
  });

  it('that is refused tells the field and the message of every cause', async () => {
    const causes = [
      { reason: 'FieldValueRequired', field: 'spec.template.spec.containers[0].image', message: 'Required value' },
      { reason: 'FieldValueInvalid', message: 'Invalid value' },
    ];
    const { client } = await serve(() => ({ status: 422, body: { message: 'is invalid', details: { causes } } }));
    const error = await failureOf(client.send(NODES));
    expect(error.code).toBe('KUBE_REFUSED');
    expect(error.details).toEqual(['spec.template.spec.containers[0].image: Required value', 'Invalid value']);
  });

  it('never repeats the bytes of a manifest that could not be decoded', async () => {
    const message =
      'illegal base64 data at input byte 7, error found in #10 byte of ...|"data":{"password":"hunter2|...';
    const { client } = await serve(() => ({ status: 400, body: { message } }));
    const error = await failureOf(client.send(NODES));
    expect(error.message).toContain('illegal base64 data');
    expect(JSON.stringify(error)).not.toContain('hunter2');
  });

  it.each([
    [401, /clock.*pki/],
    [403, /certificate/],
  ])('with status %i is refused and says what to check', async (status, next) => {
    const { client } = await serve(() => ({ status, body: { message: 'no' } }));
    const error = await failureOf(client.send(NODES));
    expect(error).toMatchObject({ code: 'KUBE_REFUSED', retryable: false });
    expect(error.next).toMatch(next);
  });

  it('for what is not there has no answer', async () => {
    const { client } = await serve(() => undefined);
    expect(await client.send(NODES)).toBeUndefined();
  });

  it('that is not answered in time fails with the time and the server', async () => {
    const { client, server } = await serve(() => 'silence', 0.2);
    const error = await failureOf(client.send(NODES));
    expect(error.code).toBe('KUBE_UNREACHABLE');
    expect(error.message).toBe(`the API server at ${server.credentials.server} did not answer within 0.2 s`);
  });

  it('throws the reason of the signal that aborts it', async () => {
    const { client } = await serve(() => 'silence');
    const controller = new AbortController();
    const sent = failureOf(client.send({ ...NODES, signal: controller.signal }));
    setTimeout(() => controller.abort(new Error('interrupted twice')), 50);
    expect((await sent).message).toBe('interrupted twice');
  });

  it('to something else than an API server is told so', async () => {
    const { client } = await serve(() => ({ headers: { 'Content-Type': 'text/html' }, body: '<html></html>' }));
    expect((await failureOf(client.send(NODES))).message).toContain('is not a Kubernetes API server');
  });

  it('to a port where nobody listens names the server and the next step', async () => {
    const { server } = await serve(() => undefined);
    await server.stop();
    const error = await failureOf(clientFor(server.credentials).send(NODES));
    expect(error).toMatchObject({ code: 'KUBE_UNREACHABLE', retryable: true, where: server.credentials.server });
    expect(error.message).toContain('the connection was refused');
    expect(error.next).toContain('load-balance-ip');
  });

  it('to a server that the CA did not sign fails and says so', async () => {
    const { server } = await serve(() => ({ body: {} }));
    const stranger = await TestAuthority.create(await temporaryFolder(), 'stranger');
    const error = await failureOf(clientFor({ ...server.credentials, ca: stranger.ca.certificate }).send(NODES));
    expect(error.code).toBe('KUBE_UNREACHABLE');
    expect(error.message).toContain("the cluster's CA did not sign its certificate");
    expect(error.retryable).toBe(false);
  });

  it('asks for credentials again after they could not be had', async () => {
    const { server } = await serve(() => ({ body: { items: [] } }));
    let asked = 0;
    const client = new KubeClient(async () => {
      if (++asked === 1) throw new Error('no pki yet');
      return server.credentials;
    }, 5);
    cleanups.push(() => client.close());
    await expect(client.send(NODES)).rejects.toThrow('no pki yet');
    await client.send(NODES);
    await client.send(NODES);
    expect(asked).toBe(2);
  });
});

describe('connections', () => {
  it('serve more requests than there are of them, each asked once', async () => {
    const items = Array.from({ length: 40 }, (_, index) => ({ metadata: { name: `n${index}` } }));
    const { server, client } = await serve(() => ({ body: { items } }));
    const paths = Array.from({ length: 20 }, (_, index) => `/api/v1/kind${index}`);
    const answers = await Promise.all(paths.map((path) => client.send({ method: 'GET', path, what: 'list' })));
    expect(answers).toEqual(paths.map(() => ({ items })));
    expect(server.requests.map(({ path }) => path).toSorted()).toEqual(paths.toSorted());
    expect(server.connections).toBeLessThanOrEqual(3);
  });

  it('are kept between requests and closed by close()', async () => {
    const { server, client } = await serve(() => ({ body: { items: [] } }));
    await client.send(NODES);
    await client.send(NODES);
    expect(server.connections).toBe(1);
    await client.close();
    await expect.poll(() => server.connections).toBe(0);
  });
});
