/**
 * What a user's editor shows of the package, by the language service that editors use: hovers,
 * completions, and that nothing public is without a doc comment.
 */
import { join } from 'node:path';
import ts from 'typescript';

const PREAMBLE = `
import { createClient } from '@redis/client';
import * as main from 'redis-blaster';
import * as opentelemetry from 'redis-blaster/opentelemetry';
import * as testing from 'redis-blaster/testing';
import { Cluster, Ketama, RbPromise, type TimeoutError } from 'redis-blaster';
const cluster = new Cluster({ hosts: {} });
const client = cluster.getRoutingClient();
`;

/** Code with a ^ before the name under the cursor, and a part of what its hover shows. */
const HOVERS = [
  ["client.^get('key')", 'Promise<string | null>'],
  ["client.^get('key')", 'Gets the value of a key'],
  ["cluster.map((map) => map.^hGetAll('key'))", 'Gets all fields and values in a hash'],
  ["cluster.map((map) => map.^incr('key'))", 'RbPromise<number>'],
  ['cluster.fanout((fanout) => fanout.^ping())', 'Constructs the PING command'],
  ['cluster.fanout((fanout) => fanout.^ping())', 'RbPromise<Map<number, string>>'],
  ["cluster.fanout((fanout) => fanout.targetKey('a').^get('a'))", 'Gets the value of a key'],
  ["cluster.fanout((fanout) => fanout.targetKey('a').^get('a'))", 'RbPromise<string | null>'],
  ["client.map((map) => map.^mGet(['a']))", 'on all hosts'],
  ["client.map((map) => map.^mSet({ a: '1' }))", 'where some hosts fail'],
  ['main.^RESP_TYPES', 'type mapping'],
  ['new ^Cluster({ hosts: {} })', 'connects to nothing'],
  ['cluster.^map(() => 1)', 'hosts of their keys'],
  ['cluster.map(() => 1, { ^timeout: 100 })', 'in milliseconds'],
  ['new Cluster({ hosts: {}, poolOptions: { ^connectTimeout: 100 } })', 'Default: 5000'],
  ["new Cluster({ hosts: { 0: { ^ringLabel: 'a' } } })", 'consistent-hash'],
  ['RbPromise.^all([])', 'RbPromise.all('],
  ["new Ketama(['a']).^getNode('key')", 'null'],
  ['(error: ^TimeoutError) => error', 'error instanceof TimeoutError'],
  ['new testing.^TestSetup()', 'servers'],
];

/** Code at whose end a completion is asked for, a name that is offered, and a part of its text. */
const COMPLETIONS = [
  ['client.', 'hGetAll', 'Gets all fields and values in a hash'],
  ['cluster.map((map) => map.', 'get', 'Gets the value of a key'],
  ['cluster.fanout((fanout) => fanout.', 'targetKey', 'one host'],
  ['cluster.map(() => 1, { ', 'maxConcurrency', 'Default: 64'],
  ['new Cluster({ hosts: {}, ', 'poolOptions', 'connections'],
];

/** Has a property for each thing whose members are looked at. */
const SUBJECTS = `
export const upstream = createClient();
export const clients = {
  routing: client,
  mapping: client.getMappingClient(),
  fanout: client.getFanoutClient([0]),
  keyTarget: client.getFanoutClient([0]).targetKey('key'),
};
export const modules = { main, opentelemetry, testing };
`;

/** What an editor does not show, in a project that has the package and its peer installed. */
export function problemsOfEditor(project, resolution) {
  const hovers = HOVERS.map(([code]) => `(${code.replace('^', '')});`).join('\n');
  const codes = [hovers, SUBJECTS, ...COMPLETIONS.map(([code]) => code)];
  const texts = codes.map((code, index) => [join(project, `editor-${index}.ts`), PREAMBLE + code]);
  const [[hoversFile], [subjectsFile], ...completions] = texts;
  const service = serviceOf(new Map(texts), project, resolution);
  return [
    ...[hoversFile, subjectsFile].flatMap((file) => errorsOf(service, file)),
    ...problemsOfHovers(service, ...texts[0]),
    ...completions.flatMap(([file, text], index) =>
      problemsOfCompletion(service, file, text.length, COMPLETIONS[index]),
    ),
    ...problemsOfDocumentation(service.getProgram(), subjectsFile),
  ];
}

function serviceOf(texts, project, resolution) {
  const json = { target: 'es2022', lib: ['es2023', 'esnext.disposable'], types: ['node'] };
  const { options } = ts.convertCompilerOptionsFromJson(
    { ...json, strict: true, ...resolution },
    project,
  );
  const readFile = (path) => texts.get(path) ?? ts.sys.readFile(path);
  return ts.createLanguageService({
    getCompilationSettings: () => options,
    getCurrentDirectory: () => project,
    getDefaultLibFileName: ts.getDefaultLibFilePath,
    getScriptFileNames: () => [...texts.keys()],
    getScriptVersion: () => '1',
    getScriptSnapshot: (path) => ts.ScriptSnapshot.fromString(readFile(path)),
    fileExists: (path) => texts.has(path) || ts.sys.fileExists(path),
    readFile,
    directoryExists: ts.sys.directoryExists,
    getDirectories: ts.sys.getDirectories,
    realpath: ts.sys.realpath,
  });
}

function errorsOf(service, file) {
  return [...service.getSyntacticDiagnostics(file), ...service.getSemanticDiagnostics(file)].map(
    ({ messageText }) => ts.flattenDiagnosticMessageText(messageText, '\n'),
  );
}

function problemsOfHovers(service, file, text) {
  return HOVERS.flatMap(([code, expected]) => {
    const position = text.indexOf(code.replace('^', '')) + code.indexOf('^');
    const shown = service.getQuickInfoAtPosition(file, position);
    return missing(`the hover of ${code}`, shown, expected);
  });
}

function problemsOfCompletion(service, file, position, [code, name, expected]) {
  const details = service.getCompletionEntryDetails(file, position, name, {}, undefined, {});
  return missing(`the completion of ${code}${name}`, details, expected);
}

function missing(what, shown, expected) {
  const { displayParts, documentation, tags = [] } = shown ?? {};
  const parts = [displayParts, documentation, ...tags.map(({ text }) => text)];
  const text = parts.map((part) => ts.displayPartsToString(part)).join('\n');
  return text.includes(expected) ? [] : [`${what} does not show '${expected}', but: ${text}`];
}

function problemsOfDocumentation(program, file) {
  const checker = program.getTypeChecker();
  const module = checker.getSymbolAtLocation(program.getSourceFile(file));
  const [upstream, clients, modules] = checker
    .getExportsOfModule(module)
    .map((symbol) => checker.getTypeOfSymbol(symbol));
  const described = new Set(membersOf(upstream).filter(isDescribed).map(nameOf));
  return [
    ...membersOf(clients).flatMap((client) =>
      membersOf(checker.getTypeOfSymbol(client))
        .filter((member) => described.has(nameOf(member)) && !isDescribed(member))
        .map((member) => `${nameOf(member)} of the ${nameOf(client)} client has no description`),
    ),
    ...membersOf(modules).flatMap((name) =>
      checker.getExportsOfModule(checker.getTypeOfSymbol(name).symbol).flatMap(undocumented),
    ),
  ];

  function membersOf(type) {
    return checker.getPropertiesOfType(type);
  }

  function isDescribed(symbol) {
    return symbol.getDocumentationComment(checker).length > 0;
  }

  /** Of an export: itself and its members, where they are our own and have no doc comment. */
  function undocumented(exported) {
    const isAlias = (exported.flags & ts.SymbolFlags.Alias) !== 0;
    const symbol = isAlias ? checker.getAliasedSymbol(exported) : exported;
    const members = membersOf(checker.getDeclaredTypeOfSymbol(symbol)).map((member) => [
      `${nameOf(exported)}.${nameOf(member)}`,
      member,
    ]);
    return [[nameOf(exported), symbol], ...members]
      .filter(([, it]) => isOurs(it) && !isDescribed(it))
      .map(([name]) => `${name} has no doc comment`);
  }
}

function nameOf(symbol) {
  return symbol.getName();
}

/** Private names are nobody's to see. */
function isOurs(symbol) {
  return (symbol.declarations ?? []).some(
    (it) =>
      it.getSourceFile().fileName.includes('/node_modules/redis-blaster/') &&
      !(it.name !== undefined && ts.isPrivateIdentifier(it.name)),
  );
}
