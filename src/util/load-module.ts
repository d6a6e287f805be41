/** Modules that are loaded where they are first needed: importing them costs more than our own code. */

import { createRequire } from 'node:module';

let requireHere: NodeJS.Require | undefined;

/** Making a `require` takes longer than much of what an import does, and many programs need none. */
function load(name: string): unknown {
  // A bundle in CommonJS knows no URL of its own, but the name of its file.
  requireHere ??= createRequire(import.meta.url || __filename);
  return requireHere(name);
}

/** Node's TLS, for the first connection that asks for it. */
export function loadTls(): typeof import('node:tls') {
  return load('node:tls') as typeof import('node:tls');
}

/** Node's crypto, for the first hash. */
export function loadCrypto(): typeof import('node:crypto') {
  return load('node:crypto') as typeof import('node:crypto');
}

/** `defineScript` of `@redis/client`, for the first script. */
export function loadDefineScript(): typeof import('@redis/client').defineScript {
  const module = load('@redis/client/dist/lib/lua-script.js') as typeof import('@redis/client');
  return module.defineScript;
}

/** `@redis/client`, for the first local client. */
export function loadRedisClient(): typeof import('@redis/client') {
  return load('@redis/client') as typeof import('@redis/client');
}
