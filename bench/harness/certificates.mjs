/** A certificate for servers of 127.0.0.1, and the authority that vouches for it. */
import { execFileSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';

const NEW_KEY = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes'];
const VALIDITY = ['-days', '2'];
const EXTENSIONS = 'basicConstraints=CA:FALSE\nsubjectAltName=IP:127.0.0.1,DNS:localhost\n';

/** Makes both in a folder; answers the paths of `key`, `certificate` and `authority`. */
export function makeCertificate(folder) {
  const at = (name) => join(folder, name);
  const openssl = (...args) => execFileSync('openssl', args, { stdio: 'ignore' });
  const authority = { key: at('authority-key.pem'), certificate: at('authority.pem') };
  const server = { key: at('key.pem'), certificate: at('certificate.pem') };
  const files = ({ key, certificate }) => ['-keyout', key, '-out', certificate];
  openssl('req', '-x509', ...NEW_KEY, ...VALIDITY, '-subj', '/CN=bench', ...files(authority));
  const request = { ...server, certificate: at('request.pem') };
  openssl('req', ...NEW_KEY, '-subj', '/CN=localhost', ...files(request));
  writeFileSync(at('extensions'), EXTENSIONS);
  openssl(
    ...['x509', '-req', '-in', request.certificate, ...VALIDITY, '-out', server.certificate],
    ...['-CA', authority.certificate, '-CAkey', authority.key, '-CAcreateserial'],
    ...['-extfile', at('extensions')],
  );
  return { ...server, authority: authority.certificate };
}
