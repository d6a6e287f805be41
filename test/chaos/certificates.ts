/** Certificates for 127.0.0.1, made for a run: one that is valid and one that has expired. */

import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, writeFileSync } from 'node:fs';
import { rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createSecureContext } from 'node:tls';
import type { SecureContext } from 'node:tls';

export interface Certificates {
  /** What clients have to trust. */
  readonly authority: string;
  readonly valid: SecureContext;
  readonly expired: SecureContext;
}

/** What `openssl ca` needs to know to sign for any time. */
const CONFIGURATION = `
[ca]
default_ca = authority
[authority]
database = index.txt
serial = serial
new_certs_dir = .
default_md = sha256
policy = names
copy_extensions = copy
unique_subject = no
[names]
commonName = supplied
`;

const KEY = ['-newkey', 'rsa:2048', '-nodes'];
const NAME = ['-subj', '/CN=localhost', '-addext', 'subjectAltName=IP:127.0.0.1'];

/** Makes them; undefined where there is no `openssl`. */
export function makeCertificates(): Certificates | undefined {
  const folder = mkdtempSync(join(tmpdir(), 'chaos-certificates-'));
  try {
    return makeIn(folder);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

function makeIn(folder: string): Certificates {
  const openssl = (...args: string[]) =>
    execFileSync('openssl', args, { cwd: folder, stdio: ['ignore', 'ignore', 'pipe'] });
  const read = (name: string) => readFileSync(join(folder, name), 'utf8');
  writeFileSync(join(folder, 'ca.cnf'), CONFIGURATION);
  writeFileSync(join(folder, 'index.txt'), '');
  writeFileSync(join(folder, 'serial'), '01\n');
  const authority = ['-subj', '/CN=chaos', '-days', '2', '-keyout', 'ca.key', '-out', 'ca.pem'];
  openssl('req', '-x509', ...KEY, ...authority);
  openssl('req', ...KEY, ...NAME, '-keyout', 'key.pem', '-out', 'request.pem');
  const sign = (name: string, from: string, to: string) =>
    openssl(
      ...['ca', '-batch', '-config', 'ca.cnf', '-cert', 'ca.pem', '-keyfile', 'ca.key', '-notext'],
      ...['-in', 'request.pem', '-out', name, '-startdate', from, '-enddate', to],
    );
  sign('valid.pem', stamp(-1), stamp(2));
  sign('expired.pem', stamp(-3), stamp(-1));
  const contextOf = (name: string) =>
    createSecureContext({ cert: read(name), key: read('key.pem') });
  return {
    authority: read('ca.pem'),
    valid: contextOf('valid.pem'),
    expired: contextOf('expired.pem'),
  };
}

/** So many days from now, as certificates write it: YYMMDDhhmmssZ. */
function stamp(days: number): string {
  const time = new Date(Date.now() + days * 24 * 3600 * 1000).toISOString();
  return `${time.replace(/[-:T]/g, '').slice(2, 14)}Z`;
}
