import { expect, test, vi } from 'vitest';
import { driverIn, temporaryDirectory } from './helpers.js';

test('looking at what is there never loads the certificate library', async () => {
  const configuration = await temporaryDirectory();
  const made = await driverIn(configuration).create();
  vi.resetModules();
  vi.doMock('@peculiar/asn1-x509', () => {
    throw new Error('loaded');
  });
  const { createPkiDriver } = await import('../../../src/pki/driver.js');
  const pki = createPkiDriver({
    directory: `${configuration}/pki`,
    clusterId: 'demo',
    readBack: async () => undefined,
  });
  expect(await pki.material()).toEqual(made);
  expect(await pki.digest()).toMatch(/^[0-9a-f]{64}$/);
  await pki.keepLocal();
  expect(await pki.create()).toEqual(made);
  const spec = { commonName: 'x', organizations: [], dnsNames: [], ipAddresses: [], days: 1 };
  await expect(pki.issue({ ...spec, ca: 'cluster', usages: ['client'] })).rejects.toMatchObject({
    cause: { message: 'loaded' },
  });
});
