/** Modules that are loaded where they are first needed: importing them costs more than our own code. */

// Not by its name: webpack takes `createRequire(import.meta.url)` for its own, and then it is undefined.
import module from 'node:module';

let requireHere: NodeJS.Require | undefined;

/** Making a `require` takes longer than much of what an import does, and many programs need none. */
function load(name: string): unknown {
  requireHere ??= module.createRequire(here());
  return requireHere(name);
}

/** A bundle in CommonJS has no URL of its own, or that of what it was made of, but its file's name. */
function here(): string {
  // No `typeof`: webpack knows its answer, which is wrong in a module.
  try {
    return __filename;
  } catch {
    return import.meta.url;
  }
}

/** Node's look-ups of names, for the first connection over TCP. */
export function loadDns(): typeof import('node:dns') {
  return load('node:dns') as typeof import('node:dns');
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
  const path = '@redis/client/dist/lib/lua-script.js';
  return (load(path) as typeof import('@redis/client')).defineScript;
}

/** `@redis/client`, for the first local client. */
export function loadRedisClient(): typeof import('@redis/client') {
  return load('@redis/client') as typeof import('@redis/client');
}
