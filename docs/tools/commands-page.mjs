/**
 * The page of all commands, made from the definitions of `@redis/client` (names, arguments, doc
 * comments), the key positions of `@ioredis/commands`, and the library's own list of refusals.
 */
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';

import ts from 'typescript';

/** Answers the Markdown of the page. `root` is the project, whose packages are installed. */
export async function commandsPage(root) {
  const require = createRequire(join(root, 'package.json'));
  const table = require.resolve('@redis/client/dist/lib/commands/index.d.ts');
  const keys = require('@ioredis/commands/built/commands.json');
  const { refusal } = await loadRefusals(root, require('esbuild'));
  const commands = readCommands(table).map((command) => ({
    ...command,
    place: placeOf(command, keys, refusal),
  }));
  return pageOf(commands.sort((a, b) => a.name.localeCompare(b.name, 'en')));
}

/** The library's module that refuses commands, as Node can load it. */
async function loadRefusals(root, { build }) {
  const { outputFiles } = await build({
    absWorkingDir: root,
    entryPoints: ['src/commands/refused.ts'],
    bundle: true,
    platform: 'node',
    format: 'esm',
    target: 'node20',
    write: false,
    logLevel: 'error',
    // Node finds them from here only while they are in the bundle; `require` is what their code has.
    banner: {
      js: `import { createRequire } from 'node:module'; const require = createRequire(${JSON.stringify(root)});`,
    },
  });
  const code = Buffer.from(outputFiles[0].contents).toString('base64');
  return import(`data:text/javascript;base64,${code}`);
}

/** The commands of the table: each has a name of words (`HGETALL`) and one of a method (`hGetAll`). */
function readCommands(file) {
  const source = ts.createSourceFile(
    file,
    readFileSync(file, 'utf8'),
    ts.ScriptTarget.Latest,
    true,
  );
  const declaration = source.statements
    .filter((statement) => ts.isVariableStatement(statement))
    .flatMap(({ declarationList }) => [...declarationList.declarations])
    .find(({ name }) => name.getText() === '_default');
  const commands = [];
  let words;
  for (const member of declaration.type.members) {
    const name = member.name.getText();
    if (name === name.toUpperCase()) words = name.toLowerCase().split('_');
    else commands.push({ name, words, ...docsOf(member), parameters: parametersOf(member) });
  }
  return commands;
}

function docsOf(member) {
  const [docs] = ts.getJSDocCommentsAndTags(member).filter(ts.isJSDoc);
  const description = ts.getTextOfJSDocComment(docs?.comment) ?? '';
  const deprecated = ts.getJSDocDeprecatedTag(member);
  return { description: description.replace(/\s+/g, ' ').trim(), isDeprecated: !!deprecated };
}

/** The parameters of the method: those of `parseCommand` behind the parser. */
function parametersOf(member) {
  const parse = member.type.members.find(({ name }) => name.getText() === 'parseCommand');
  return parse.type.parameters.slice(2).map((parameter) => {
    const rest = parameter.dotDotDotToken ? '...' : '';
    return `${rest}${parameter.name.getText()}${parameter.questionToken ? '?' : ''}`;
  });
}

const PLACES = {
  one: 'One key: on every client.',
  several: 'One key or more: on every client with exactly one key, else in a fan-out.',
  none: 'No key: in a fan-out, in a list of commands, or on a local client.',
  local: 'Only on a local client.',
  emulated: 'In a map, over the keys of all hosts; elsewhere as a command with one key or more.',
};

/** Where a command can be sent, by the words of its name, such as `['acl', 'cat']`. */
function placeOf({ words, parameters }, keys, refusal) {
  for (let length = words.length; length > 0; length--) {
    const name = words.slice(0, length).join('_');
    const entry = keys[name];
    if (entry === undefined) continue;
    const subcommand = words.slice(length).join('-');
    if (refusal(name, subcommand) !== undefined) return PLACES.local;
    if (name === 'mget' || name === 'mset') return PLACES.emulated;
    return placeOfKeys(entry.subcommands?.[subcommand] ?? entry);
  }
  return parameters[0] === 'key' ? PLACES.one : PLACES.several;
}

function placeOfKeys({ keyStart, keyStop, flags }) {
  if (flags.includes('movablekeys')) return PLACES.several;
  if (keyStart === 0) return PLACES.none;
  return keyStart === keyStop ? PLACES.one : PLACES.several;
}

function pageOf(commands) {
  const sections = [];
  let letter;
  for (const command of commands) {
    const initial = command.name[0].toUpperCase();
    if (initial !== letter) sections.push(`## ${initial}`);
    letter = initial;
    sections.push(sectionOf(command));
  }
  return `${HEAD.replace('COUNT', commands.length)}\n${sections.join('\n\n')}\n`;
}

function sectionOf({ name, description, parameters, place, isDeprecated }) {
  const call = `\`${name}(${parameters.join(', ')})\``;
  const text = escaped([description, isDeprecated && 'Deprecated.'].filter(Boolean).join('. '));
  return `### ${name}\n\n${call}\n\n${text && `${text.replace(/\.?$/, '.')} `}*${place}*`;
}

/** A text in which Markdown and Vue find nothing of theirs. */
function escaped(text) {
  return text.replace(/[\\`*_{}[\]<>|]/g, (character) => `&#${character.charCodeAt(0)};`);
}

const HEAD = `---
outline: 2
pageClass: commands
---

# Commands

Every client has these COUNT methods, with the same arguments. They differ in what they return: a
native promise (routing client), an \`RbPromise\` (map, \`targetKey\`), an \`RbPromise\` of a Map by host id
(fan-out), or what \`@redis/client\` returns (local client). Names, arguments and descriptions are those
of \`@redis/client\`. Any other command is sent by its name: \`executeCommand(name, ...args)\`.

The text below each method says where it can be called. See [the exact-key rule](../guide/routing.md#the-exact-key-rule).
`;
