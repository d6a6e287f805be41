/**
 * The URL form of a host's configuration. Read by patterns of our own: the platform's URL class
 * folds and escapes parts of a URL whose scheme it does not know in ways that lose what was written.
 */
import { BadHostSetup } from './errors.js';
import type { HostConfig } from './host-config.js';
import {
  describeType,
  hostNameRule,
  integerRule,
  parseDecimal,
  quote,
  socketPathRule,
  type OptionRule,
} from './util/validate.js';

/** The parts of a URL that are split off before anything is decoded. */
interface UrlParts {
  readonly scheme: string;
  readonly login: string | undefined;
  /** What is between the login and the path. */
  readonly location: string;
  /** With its leading slash; empty if there is none. */
  readonly path: string;
  /** With its leading question mark; empty if there is none. */
  readonly query: string;
}

/** The first `/`, `?` or `#` ends the location; the last `@` in front of it ends the login. */
const urlPattern =
  /^(?<scheme>[a-z][a-z0-9+.-]*):\/\/(?:(?<login>[^/?#]*)@)?(?<location>[^/?#@]*)(?<path>[^?#]*)(?<query>[^#]*)(?<fragment>.*)$/is;

const portRule = integerRule(1, 65535);

const readers: Readonly<Record<string, (parts: UrlParts) => HostConfig>> = {
  redis: readTcpUrl,
  rediss: (parts) => ({ ...readTcpUrl(parts), ssl: true }),
  unix: readUnixUrl,
};

/**
 * Reads the URL of one host: `redis[s]://[[user][:password]@]host[:port][/db]` or
 * `unix://[[user][:password]@]/path[?db=n]`. All parts are percent-decoded; an IPv6 address stands in
 * brackets; `rediss` is `ssl: true`. An empty user or password counts as left out.
 *
 * @returns only what the URL says.
 * @throws BadHostSetup for every other scheme, path, query or fragment, for a bad escape, port or
 * database. Its message shows no login.
 *
 * @example
 * parseHostUrl('redis://:secret@10.0.0.1:6380/2'); // { host, port, db, password }
 */
export function parseHostUrl(url: string): HostConfig {
  if (typeof url !== 'string') {
    throw new BadHostSetup(`a URL must be a string, not ${describeType(url)}`);
  }
  const groups = urlPattern.exec(url)?.groups;
  const scheme = groups?.['scheme']?.toLowerCase() ?? '';
  const read = Object.hasOwn(readers, scheme) ? readers[scheme] : undefined;
  try {
    if (groups === undefined || read === undefined) {
      throw new UrlProblem('the scheme must be redis, rediss or unix, followed by ://');
    }
    if (groups['fragment']) throw new UrlProblem('a fragment (#) is not part of a host URL');
    const { login, location = '', path = '', query = '' } = groups;
    return read({ scheme, login, location, path, query });
  } catch (problem) {
    if (!(problem instanceof UrlProblem)) throw problem;
    throw new BadHostSetup(`the URL ${quote(url)} cannot be used: ${problem.message}`);
  }
}

/** What is wrong with a URL; it becomes a `BadHostSetup` once the redacted URL is added. */
class UrlProblem extends Error {}

function readTcpUrl({ scheme, login, location, path, query }: UrlParts): HostConfig {
  if (query !== '') throw new UrlProblem(`a ${scheme} URL takes no query (?)`);
  const [, brackets, name, port] = /^(?:\[([^\]]*)\]|([^:[\]]*))(?::(.*))?$/s.exec(location) ?? [];
  const host = decode(brackets ?? name ?? '', 'host');
  // Brackets are for IPv6 only, and only they may hold colons.
  if (!hostNameRule.accepts(host) || host.includes(':') !== (brackets !== undefined)) {
    throw new UrlProblem('after :// and the login there must be a host, and then only a port');
  }
  return {
    host,
    ...readLogin(login),
    ...(port !== undefined && { port: readInteger(port, 'port', portRule) }),
    ...(path !== '' && { db: readInteger(path.slice(1), 'path (the database)', integerRule(0)) }),
  };
}

function readUnixUrl({ login, location, path, query }: UrlParts): HostConfig {
  if (location !== '') {
    throw new UrlProblem('a unix URL names no host: the path follows as the third slash');
  }
  const unixSocketPath = decode(path, 'path');
  if (unixSocketPath.length < 2 || !socketPathRule.accepts(unixSocketPath)) {
    throw new UrlProblem(`the path must be ${socketPathRule.expected}`);
  }
  const [, db] = /^\?db=(.*)$/s.exec(query) ?? [];
  if (query !== '' && db === undefined) {
    throw new UrlProblem('the query of a unix URL can only be ?db=n');
  }
  return {
    unixSocketPath,
    ...readLogin(login),
    ...(db !== undefined && { db: readInteger(db, 'db', integerRule(0)) }),
  };
}

function readLogin(login = ''): Pick<HostConfig, 'username' | 'password'> {
  const colon = login.indexOf(':');
  const username = decode(colon === -1 ? login : login.slice(0, colon), 'user');
  const password = colon === -1 ? '' : decode(login.slice(colon + 1), 'password');
  return { ...(username && { username }), ...(password && { password }) };
}

/** The text itself stays out of the message: half of a misplaced password may stand in it. */
function readInteger(text: string, name: string, rule: OptionRule): number {
  const value = parseDecimal(text);
  if (value === undefined || !rule.accepts(value)) {
    throw new UrlProblem(`the ${name} must be ${rule.expected}`);
  }
  return value;
}

function decode(text: string, name: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    throw new UrlProblem(`the ${name} has a bad percent escape`);
  }
}
