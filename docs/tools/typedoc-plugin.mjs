/**
 * A plugin of TypeDoc, which makes the API reference one that is read with pleasure:
 *
 * - The commands of Redis, which four clients have, are on one page of their own (see
 *   `commands-page.mjs`), and not on four.
 * - The type parameters that stand for the options of the cluster are not explained on every page.
 * - Names are grouped by what they are for.
 */
import { Comment, CommentTag, Converter, ReflectionKind } from 'typedoc';

const COMMANDS = /^(?:Native|Mapped|Fanned)Commands(?:$|\.)/;
const CLUSTER_PARAMETERS = new Set(['RESP', 'TM', 'M', 'F', 'S']);

const MAIN = [
  'Cluster',
  'RoutingClient',
  'MappingClient',
  'FanoutClient',
  'KeyTargetClient',
  'LocalClient',
  'RbPromise',
  'Script',
  'defineScript',
  'Pool',
  'HostInfo',
  'TestSetup',
  'makeTestCluster',
  'instrument',
];

/** The groups in their order. A name belongs to the first that knows it. */
const GROUPS = [
  ['Main', new RegExp(`^(?:${MAIN.join('|')})$`)],
  [
    'Options',
    /(?:Options|HostConfig|HostCredentials|HostsInput|FanoutHosts|RouterClass|PoolClass)$/,
  ],
  ['Routers', /^(?:\w*Router|RouterCluster|Ketama\w*|Key)$/],
  [
    'Health and events',
    /^(?:Host(?:Health|State|Stats|\w+Event)|ReconnectingEvent|LatencyStats|Cluster(?:Events|Listener))$/,
  ],
  ['Errors', /(?:Error|UnroutableCommand|BadHostSetup|MisuseCode|ErrorFields|ErrorDetails)$/],
];
const OTHERS = 'Other types';
const MEMBERS = ['Constructors', 'Methods', 'Accessors', 'Properties'];

/** Before and after the plugins of TypeDoc that make groups and hierarchies. */
const EARLY = 1;
const LAST = -1000;

export function load({ converter, options }) {
  converter.on(Converter.EVENT_BEGIN, () => {
    options.setValue('groupOrder', [...GROUPS.map(([name]) => name), OTHERS, ...MEMBERS]);
  });
  converter.on(Converter.EVENT_RESOLVE_BEGIN, ({ project }) => {
    for (const module of modulesOf(project)) module.children?.forEach(setGroup);
  });
  converter.on(Converter.EVENT_RESOLVE_END, ({ project }) => removeNoise(project), EARLY);
  converter.on(Converter.EVENT_RESOLVE_END, ({ project }) => sortGroups(project), LAST);
  converter.on(Converter.EVENT_RESOLVE_END, ({ project }) => hideOrigins(project), LAST);
}

function modulesOf(project) {
  return project.getReflectionsByKind(ReflectionKind.Module);
}

function setGroup(reflection) {
  const [group] = GROUPS.find(([, names]) => names.test(reflection.name)) ?? [OTHERS];
  // The comment of a function is that of its signatures.
  for (const documented of [reflection, ...(reflection.signatures ?? [])]) {
    documented.comment ??= new Comment();
    documented.comment.blockTags.push(new CommentTag('@group', [{ kind: 'text', text: group }]));
  }
}

function removeNoise(project) {
  for (const reflection of project.getReflectionsByKind(ReflectionKind.All)) {
    const own = reflection.typeParameters?.filter(({ name }) => !CLUSTER_PARAMETERS.has(name));
    reflection.typeParameters = own?.length > 0 ? own : undefined;
    if (!reflection.kindOf(ReflectionKind.ClassOrInterface)) continue;
    for (const member of [...(reflection.children ?? [])]) {
      if (isCommand(member) || isInheritedByError(member)) project.removeReflection(member);
    }
    reflection.extendedTypes = reflection.extendedTypes?.filter(isShown);
    reflection.implementedTypes = reflection.implementedTypes?.filter(isShown);
  }
}

function isCommand(member) {
  return COMMANDS.test(member.inheritedFrom?.name ?? '');
}

/** Whether a reader can look a base class up: here, or because it is not ours. */
function isShown(type) {
  return type.reflection !== undefined || type.package !== 'redis-blaster';
}

/** What all errors have is told once, at their base. */
function isInheritedByError(member) {
  return /^(?:Rb|Connection)Error\./.test(member.inheritedFrom?.name ?? '');
}

function sortGroups(project) {
  for (const module of modulesOf(project)) {
    for (const group of module.groups ?? []) {
      group.children.sort((a, b) => rankOf(a) - rankOf(b) || a.name.localeCompare(b.name, 'en'));
    }
  }
}

/** Where each member comes from: a heading for each, which tells users nothing. */
function hideOrigins(project) {
  for (const reflection of project.getReflectionsByKind(ReflectionKind.All)) {
    reflection.inheritedFrom = undefined;
    reflection.overwrites = undefined;
    reflection.implementationOf = undefined;
  }
}

function rankOf({ name }) {
  return MAIN.indexOf(name);
}
