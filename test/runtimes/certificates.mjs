/** Throw-away certificates for a server and a client, made by OpenSSL. */
import { execFileSync } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

const NEW_KEY = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes'];
const BY_AUTHORITY = ['-CA', 'ca.pem', '-CAkey', 'ca.key', '-CAcreateserial', '-days', '2'];

/**
 * Makes `ca.pem`, and `server` and `client` as `.pem` and `.key` that it vouches for, in a folder.
 * Answers whether there is an OpenSSL that can.
 */
export function makeCertificates(folder) {
  mkdirSync(folder, { recursive: true });
  const openssl = (...args) => execFileSync('openssl', args, { cwd: folder, stdio: 'ignore' });
  try {
    openssl('version');
  } catch {
    return false;
  }
  const authority = ['-subj', '/CN=authority', '-keyout', 'ca.key', '-out', 'ca.pem'];
  openssl('req', '-x509', ...NEW_KEY, '-days', '2', ...authority);
  writeFileSync(join(folder, 'server.ext'), 'subjectAltName=IP:127.0.0.1,DNS:localhost\n');
  writeFileSync(join(folder, 'client.ext'), 'extendedKeyUsage=clientAuth\n');
  for (const name of ['server', 'client']) {
    const [request, key] = [`${name}.csr`, `${name}.key`];
    openssl('req', ...NEW_KEY, '-subj', `/CN=${name}`, '-keyout', key, '-out', request);
    const files = ['-in', request, '-extfile', `${name}.ext`, '-out', `${name}.pem`];
    openssl('x509', '-req', ...BY_AUTHORITY, ...files);
  }
  return true;
}
