/**
 * Looks at the built site as a browser would find it: every link inside the site leads to a page that
 * is there, and to a heading that is there; and no page loads anything from anywhere else.
 */
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join, posix, sep } from 'node:path';

const ID = /\sid="([^"]+)"/g;
const HREF = /<a\s[^>]*?href="([^"]+)"/g;
const RESOURCE = /<(?:script|img|link|iframe|source|video)\s[^>]*?(?:src|href)="([^"]+)"/g;

/**
 * Answers what is wrong, a line for each.
 *
 * @param site the folder of the built site
 * @param base the path under which it will stand, `/` at its simplest
 */
export function problemsOf(site, base = '/') {
  const pages = new Map(
    htmlFiles(site).map((file) => {
      const html = readFileSync(join(site, file), 'utf8');
      return [`/${file.split(sep).join('/')}`, { html, ids: new Set(matches(html, ID)) }];
    }),
  );
  const problems = [];
  for (const [page, { html }] of pages) {
    for (const href of new Set(matches(html, HREF))) {
      const problem = problemOfLink(href, page, { pages, site, base });
      if (problem !== undefined) problems.push(`${page}: ${href}: ${problem}`);
    }
    for (const url of new Set(matches(html, RESOURCE))) {
      if (/^(?:\w+:)?\/\//.test(url)) problems.push(`${page}: loads ${url} from elsewhere`);
    }
  }
  return problems;
}

function htmlFiles(site) {
  return readdirSync(site, { recursive: true }).filter((file) => file.endsWith('.html'));
}

function matches(html, pattern) {
  return [...html.matchAll(pattern)].map(([, value]) => value.replaceAll('&amp;', '&'));
}

function problemOfLink(href, page, { pages, site, base }) {
  if (/^(?:\w+:|\/\/)/.test(href)) return undefined;
  const [path, hash] = decodeURI(href).split('#', 2);
  const absolute = path === '' ? page : withoutBase(posix.resolve(posix.dirname(page), path), base);
  const target = [absolute, `${absolute}.html`, posix.join(absolute, 'index.html')].find(
    (candidate) => pages.has(candidate),
  );
  if (target === undefined) {
    return existsSync(join(site, absolute)) ? undefined : 'no such page';
  }
  const isThere = !hash || pages.get(target).ids.has(hash);
  return isThere ? undefined : 'no such heading';
}

function withoutBase(path, base) {
  return path.startsWith(base) ? `/${path.slice(base.length)}` : path;
}
