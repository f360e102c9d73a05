import { execFile } from 'node:child_process';
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';

const run = promisify(execFile);
const KEY = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-noenc'];

/** A certificate and its key, as paths of files. */
export interface Certified {
  readonly cert: string;
  readonly key: string;
}

/** An authority that signs certificates of engines and of their clients, made with openssl in a folder of its own. */
export class CertificateAuthority {
  readonly folder: string;

  private constructor(folder: string) {
    this.folder = folder;
  }

  static async make(folder: string): Promise<CertificateAuthority> {
    await mkdir(folder, { recursive: true });
    const authority = new CertificateAuthority(folder);
    const { cert, key } = authority.#files('ca');
    await run('openssl', [
      'req',
      '-x509',
      ...KEY,
      '-days',
      '2',
      '-subj',
      '/CN=authority',
      '-keyout',
      key,
      '-out',
      cert,
    ]);
    return authority;
  }

  get cert(): string {
    return this.#files('ca').cert;
  }

  /** @param subject what it is for, as openssl writes it: `IP:127.0.0.1` @param days it is valid, from now; negative for one that has expired */
  async sign(name: string, subject: string, days = 2): Promise<Certified> {
    const files = this.#files(name);
    const request = join(this.folder, `${name}.csr`);
    const extensions = join(this.folder, `${name}.ext`);
    await writeFile(extensions, `subjectAltName = ${subject}\nextendedKeyUsage = serverAuth, clientAuth\n`);
    await run('openssl', ['req', ...KEY, '-subj', `/CN=${name}`, '-keyout', files.key, '-out', request]);
    const authority = ['-CA', this.cert, '-CAkey', this.#files('ca').key, '-CAcreateserial'];
    await run('openssl', [
      ...['x509', '-req', '-in', request, ...authority, '-days', String(days)],
      ...['-extfile', extensions, '-out', files.cert],
    ]);
    return files;
  }

  #files(name: string): Certified {
    return { cert: join(this.folder, `${name}.pem`), key: join(this.folder, `${name}-key.pem`) };
  }
}
