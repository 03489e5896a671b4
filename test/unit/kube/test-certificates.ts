import { execFile } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { promisify } from 'node:util';

const run = promisify(execFile);
const EC = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes', '-days', '2'];

/** A certificate and its key: PEM and the files that hold them. */
export interface TestCertificate {
  readonly certificate: string;
  readonly key: string;
  readonly certificateFile: string;
  readonly keyFile: string;
}

/** A certificate authority for tests, made with openssl in a folder. */
export class TestAuthority {
  readonly folder: string;
  readonly name: string;
  readonly ca: TestCertificate;

  private constructor(folder: string, name: string, ca: TestCertificate) {
    this.folder = folder;
    this.name = name;
    this.ca = ca;
  }

  static async create(folder: string, name: string): Promise<TestAuthority> {
    const files = filesOf(folder, name);
    await run('openssl', [
      'req',
      '-x509',
      ...EC,
      '-subj',
      `/CN=${name}`,
      '-keyout',
      files.keyFile,
      '-out',
      files.certificateFile,
    ]);
    return new TestAuthority(folder, name, await read(files));
  }

  /** @param subject `/CN=...` @param address subject alternative IP, for servers */
  async issue(file: string, subject: string, address?: string): Promise<TestCertificate> {
    const files = filesOf(this.folder, `${this.name}-${file}`);
    const names = address === undefined ? [] : ['-addext', `subjectAltName=IP:${address}`];
    const { certificateFile, keyFile } = this.ca;
    await run('openssl', [
      ...['req', '-x509', ...EC, '-subj', subject, ...names, '-CA', certificateFile, '-CAkey', keyFile],
      ...['-addext', 'basicConstraints=critical,CA:FALSE', '-addext', 'extendedKeyUsage=serverAuth,clientAuth'],
      ...['-keyout', files.keyFile, '-out', files.certificateFile],
    ]);
    return read(files);
  }
}

function filesOf(folder: string, name: string): { readonly certificateFile: string; readonly keyFile: string } {
  return { certificateFile: `${folder}/${name}.crt`, keyFile: `${folder}/${name}.key` };
}

async function read(files: { readonly certificateFile: string; readonly keyFile: string }): Promise<TestCertificate> {
  const [certificate, key] = await Promise.all([
    readFile(files.certificateFile, 'utf8'),
    readFile(files.keyFile, 'utf8'),
  ]);
  return { ...files, certificate, key };
}
