/** What `dist` has to say of the packages that became part of its bundles: their licenses. */
import { readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { root } from './setup.mjs';

/** Files are `node_modules/name/...`, or `bundled:name/...` where a plugin made them. */
const PACKAGE = /^((?:.*\/)?node_modules\/|bundled:)((?:@[^/]+\/)?[^/]+)/;

/**
 * The copyright lines of packages under the MIT license that ship no text of it, as they stand in
 * the repositories that their manifests name.
 */
const COPYRIGHTS = { '@redis/client': 'Copyright (c) 2022-2025, Redis, inc.' };

const MIT = `\
Permission is hereby granted, free of charge, to any person obtaining a copy
of this software and associated documentation files (the "Software"), to deal
in the Software without restriction, including without limitation the rights
to use, copy, modify, merge, publish, distribute, sublicense, and/or sell
copies of the Software, and to permit persons to whom the Software is
furnished to do so, subject to the following conditions:

The above copyright notice and this permission notice shall be included in all
copies or substantial portions of the Software.

THE SOFTWARE IS PROVIDED "AS IS", WITHOUT WARRANTY OF ANY KIND, EXPRESS OR
IMPLIED, INCLUDING BUT NOT LIMITED TO THE WARRANTIES OF MERCHANTABILITY,
FITNESS FOR A PARTICULAR PURPOSE AND NONINFRINGEMENT. IN NO EVENT SHALL THE
AUTHORS OR COPYRIGHT HOLDERS BE LIABLE FOR ANY CLAIM, DAMAGES OR OTHER
LIABILITY, WHETHER IN AN ACTION OF CONTRACT, TORT OR OTHERWISE, ARISING FROM,
OUT OF OR IN CONNECTION WITH THE SOFTWARE OR THE USE OR OTHER DEALINGS IN THE
SOFTWARE.
`;

/** The licenses of the packages that became part of bundles, by the files that went into those. */
export function notices(inputs) {
  const parts = foldersOf(inputs).map(noticeOf);
  const line = `\n${'-'.repeat(72)}\n\n`;
  return `This package contains code of the following packages.\n\n${parts.join(line)}`;
}

/** The folders of packages; one package may be there in several versions. */
function foldersOf(inputs) {
  const matches = inputs.map((file) => PACKAGE.exec(file)).filter((match) => match !== null);
  const folders = matches.map(([, place, name]) =>
    place === 'bundled:' ? `node_modules/${name}` : `${place}${name}`,
  );
  return [...new Set(folders)].sort();
}

function noticeOf(path) {
  const folder = join(root, path);
  const manifest = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8'));
  const { name, version, license } = manifest;
  return `${name} ${version} (${license})\n\n${licenseOf(folder, manifest)}`;
}

function licenseOf(folder, { name, license }) {
  const file = readdirSync(folder).find((entry) => /^licen[cs]e/i.test(entry));
  if (file !== undefined) return readFileSync(join(folder, file), 'utf8');
  const copyright = COPYRIGHTS[name];
  if (copyright === undefined || license !== 'MIT') {
    throw new Error(`The package ${name} ships no text of its license, and none is known here.`);
  }
  return `MIT License\n\n${copyright}\n\n${MIT}`;
}
