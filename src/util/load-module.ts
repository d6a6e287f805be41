/** Modules that are loaded where they are first needed: importing them costs more than our own code. */

import { createRequire } from 'node:module';

const require = createRequire(import.meta.url);

/** Node's TLS, for the first connection that asks for it. */
export function loadTls(): typeof import('node:tls') {
  return require('node:tls') as typeof import('node:tls');
}

/** Node's crypto, for the first hash. */
export function loadCrypto(): typeof import('node:crypto') {
  return require('node:crypto') as typeof import('node:crypto');
}

/** `defineScript` of `@redis/client`, for the first script. */
export function loadDefineScript(): typeof import('@redis/client').defineScript {
  const module = '@redis/client/dist/lib/lua-script.js';
  return (require(module) as typeof import('@redis/client')).defineScript;
}

/** `@redis/client`, for the first local client. */
export function loadRedisClient(): typeof import('@redis/client') {
  return require('@redis/client') as typeof import('@redis/client');
}
