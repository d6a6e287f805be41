/** Certificates for tests, made by OpenSSL, signed by an authority that nobody else trusts. */

import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** Whether there are what makes a certificate, and a server that can use it. */
export function hasTls(): boolean {
  try {
    execFileSync('openssl', ['version'], { stdio: 'ignore' });
    const server = execFileSync('which', ['redis-server']).toString().trim();
    return execFileSync('ldd', [server]).includes('libssl');
  } catch {
    return false;
  }
}

/** A certificate with its key, as files and as they are. */
export interface Certificate {
  readonly certPath: string;
  readonly keyPath: string;
  readonly cert: Buffer;
  readonly key: Buffer;
}

/** What a certificate says. */
export interface CertificateOptions {
  /** For example `DNS:localhost,IP:127.0.0.1`; none unless told. */
  readonly names?: string;
  readonly isExpired?: boolean;
}

const NEW_KEY = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes'];

const CONFIG = `
[ca]
default_ca = authority
[authority]
database = index.txt
new_certs_dir = .
serial = serial.txt
default_md = sha256
policy = policy
unique_subject = no
[policy]
commonName = supplied
`;

/** An authority in a folder of its own, which `remove` removes. */
export class CertificateAuthority {
  readonly #folder = mkdtempSync(join(tmpdir(), 'certificates-'));

  constructor() {
    writeFileSync(join(this.#folder, 'config'), CONFIG);
    writeFileSync(join(this.#folder, 'index.txt'), '');
    const files = ['-keyout', 'ca.key', '-out', 'ca.pem'];
    this.#openssl('req', '-x509', ...NEW_KEY, '-subj', '/CN=authority', '-days', '2', ...files);
  }

  #openssl(...args: string[]): void {
    execFileSync('openssl', args, { cwd: this.#folder, stdio: 'ignore' });
  }

  get caPath(): string {
    return join(this.#folder, 'ca.pem');
  }

  get ca(): Buffer {
    return readFileSync(this.caPath);
  }

  /** Makes a certificate that this authority vouches for. */
  issue(name: string, { names, isExpired = false }: CertificateOptions = {}): Certificate {
    const [request, key, cert, more] = ['csr', 'key', 'pem', 'ext'].map((end) => `${name}.${end}`);
    this.#openssl('req', ...NEW_KEY, '-subj', `/CN=${name}`, '-keyout', key!, '-out', request!);
    const extensions = names === undefined ? '' : `subjectAltName=${names}\n`;
    writeFileSync(join(this.#folder, more!), extensions);
    const years = isExpired ? ['20200101', '20200201'] : ['20200101', '20991231'];
    const [from, to] = years.map((day) => `${day}000000Z`);
    const by = ['-batch', '-config', 'config', '-rand_serial', '-notext'];
    const authority = ['-cert', 'ca.pem', '-keyfile', 'ca.key'];
    const valid = ['-startdate', from!, '-enddate', to!, '-extfile', more!];
    this.#openssl('ca', ...by, ...authority, ...valid, '-in', request!, '-out', cert!);
    const [certPath, keyPath] = [join(this.#folder, cert!), join(this.#folder, key!)];
    return { certPath, keyPath, cert: readFileSync(certPath), key: readFileSync(keyPath) };
  }

  remove(): void {
    rmSync(this.#folder, { recursive: true });
  }
}
