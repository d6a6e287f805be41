/** What `--hosts` names: hosts by their URLs, or host ids. */

import { UsageError } from './exit.js';
import { hideLogin } from './text.js';

/** Both kinds of things that `--hosts` can name, each in the order given. */
export interface HostList {
  readonly urls: readonly string[];
  readonly ids: readonly number[];
}

/** A URL has a scheme, an id is a number: the two cannot be taken for each other. */
export function readHostList(values: readonly string[]): HostList {
  const urls: string[] = [];
  const ids: number[] = [];
  for (const value of values) {
    if (value.includes('://')) urls.push(...splitUrls(value));
    else ids.push(...readIds(value));
  }
  return { urls, ids };
}

/** Cut where the next URL begins: a password may have a comma. */
function splitUrls(value: string): string[] {
  const urls = value.split(/,\s*(?=[a-z][a-z0-9+.-]*:\/\/)/i).map((url) => url.trim());
  const behindLogin = (url: string): string => url.slice(Math.max(url.lastIndexOf('@'), 0));
  for (const [index, url] of urls.entries()) refuseEmpty(behindLogin(url).split(','), index + 1);
  const bare = urls.find((url) => behindLogin(url).includes(','));
  if (bare === undefined) return urls;
  throw new UsageError(
    `each host needs a URL of its own, as in redis://a:6379,redis://b:6379, not ${hideLogin(bare)}`,
  );
}

/** Names the first entry that is empty; the entries are numbered from `first` on. */
function refuseEmpty(entries: readonly string[], first = 1): void {
  const index = entries.findIndex((entry) => entry.trim() === '');
  if (index !== -1) throw new UsageError(`entry ${first + index} of the list of hosts is empty`);
}

const MAX_IDS = 2 ** 16;

/** Host ids: `0,3`, `0-3`, `0,4-6`. */
export function readIds(value: string): number[] {
  const parts = value.split(',');
  if (value.trim() !== '') refuseEmpty(parts);
  const ids = parts.flatMap((part) => {
    const [, first = '', last = first] = /^\s*(\d{1,9})(?:-(\d{1,9}))?\s*$/.exec(part) ?? [];
    const count = first === '' ? 0 : Number(last) - Number(first) + 1;
    if (count < 1 || count > MAX_IDS) throw notHosts(value);
    return Array.from({ length: count }, (_, index) => Number(first) + index);
  });
  return [...new Set(ids)];
}

function notHosts(value: string): UsageError {
  // What is no URL may be a login that misses its scheme.
  const shown = value.includes('@') ? 'this' : `'${value}'`;
  const first = value.split(',', 1)[0]!.trim();
  if (shown !== 'this' && /^(?=.*[a-z:]|\d+(?:\.\d+){3}$)[\w.:-]+$/i.test(first)) {
    return new UsageError(`${shown} has no scheme: write redis://${first}`);
  }
  return new UsageError(
    `${shown} names no hosts: give URLs (redis://host:6379,…) for the cluster, ids (0,3 or 0-3) for some of it`,
  );
}
