import { existsSync, readFileSync } from 'node:fs';

import { defineConfig } from 'vitepress';

const guide = [
  {
    text: 'Start',
    items: [
      { text: 'Getting started', link: '/getting-started' },
      { text: 'What it does not do', link: '/limits' },
      { text: 'Overview: which call', link: '/guide/' },
    ],
  },
  {
    text: 'Commands',
    items: [
      { text: 'Routing', link: '/guide/routing' },
      { text: 'Maps and joins', link: '/guide/mapping' },
      { text: 'Fanning out', link: '/guide/fanning-out' },
      { text: 'Promises', link: '/guide/promises' },
      { text: 'Batching', link: '/guide/batching' },
      { text: 'Lists of commands', link: '/guide/lists' },
      { text: 'Scripts', link: '/guide/scripts' },
      { text: 'Typed replies', link: '/guide/typed-replies' },
      { text: 'Local clients', link: '/guide/local-clients' },
    ],
  },
  {
    text: 'Cluster',
    items: [
      { text: 'Hosts and options', link: '/guide/connections' },
      { text: 'Routers', link: '/guide/routers' },
      { text: 'Health and events', link: '/guide/health' },
      { text: 'Telemetry', link: '/guide/telemetry' },
      { text: 'Command line', link: '/guide/command-line' },
    ],
  },
  {
    text: 'When things fail',
    items: [
      { text: 'Errors', link: '/guide/errors' },
      { text: 'Deadlines and cancelling', link: '/guide/deadlines' },
      { text: 'Reliability', link: '/reliability' },
    ],
  },
  {
    text: 'Your code',
    items: [
      { text: 'In your editor', link: '/guide/editor' },
      { text: 'Testing', link: '/guide/testing' },
      { text: 'Fake timers', link: '/guide/fake-timers' },
      { text: 'Async context', link: '/guide/async-context' },
      { text: 'Bundlers', link: '/guide/bundlers' },
      { text: 'Runtimes', link: '/guide/runtimes' },
    ],
  },
  {
    text: 'Recipes',
    items: [
      { text: 'All recipes', link: '/recipes/' },
      { text: 'Cache', link: '/recipes/cache' },
      { text: 'Counters', link: '/recipes/counters' },
      { text: 'Rate limiter', link: '/recipes/rate-limiter' },
      { text: 'Time series', link: '/recipes/time-series' },
      { text: 'Leaderboard', link: '/recipes/leaderboard' },
      { text: 'Job queue', link: '/recipes/job-queue' },
      { text: 'Programs by topic', link: '/examples' },
    ],
  },
  {
    text: 'Coming from',
    items: [
      { text: 'Python rb', link: '/from-python-rb' },
      { text: 'ioredis', link: '/from-ioredis' },
      { text: 'node-redis', link: '/from-node-redis' },
    ],
  },
  {
    text: 'Inside',
    items: [
      { text: 'Performance', link: '/performance' },
      { text: 'Architecture', link: '/architecture' },
    ],
  },
];

/** What TypeDoc has made, which is made before the site is. */
function referenceSidebar() {
  const file = new URL('../api/typedoc-sidebar.json', import.meta.url);
  const modules = existsSync(file) ? JSON.parse(readFileSync(file, 'utf8')) : [];
  return [
    {
      text: 'API reference',
      items: [
        { text: 'Overview', link: '/api/' },
        { text: 'Commands', link: '/api/commands' },
      ],
    },
    ...modules.flatMap(({ text, link, items }) => [
      {
        text,
        link,
        items: items.map((item) => (item.items ? { ...item, collapsed: true } : item)),
      },
    ]),
  ];
}

/** The anchor of a heading as GitHub makes it, so that links hold in both places. */
function slugify(heading) {
  const words = heading.trim().toLowerCase();
  return words.replaceAll(/[^\p{L}\p{N}\s_-]/gu, '').replaceAll(/\s/g, '-');
}

/** Gives each cell of a table the text of its column's head: on a phone there are no columns. */
function labelCells({ tokens }) {
  let heads = [];
  let column = 0;
  for (const [index, token] of tokens.entries()) {
    if (token.type === 'table_open') heads = [];
    if (token.type === 'th_open') heads.push(tokens[index + 1].content);
    if (token.type === 'tr_open') column = 0;
    if (token.type === 'td_open') token.attrSet('data-label', heads[column++] ?? '');
  }
}

/** Links to programs are for readers of the repository: here the programs stand below them. */
function unlinkPrograms({ tokens }) {
  for (const token of tokens) {
    let isProgram = false;
    token.children = token.children?.filter(({ type, attrs }) => {
      if (type === 'link_open') isProgram = new Map(attrs).get('href').endsWith('.mjs');
      return !(isProgram && /^link_/.test(type));
    });
  }
}

/** Headings of the API reference that say nothing by themselves: what is below them belongs above. */
const EMPTY_HEADINGS =
  /^#{2,6} (?:Returns|Parameters|Throws|Examples?|Type Parameters|(?:Get|Set) Signature|Call Signature|Constructors?|Properties|Methods|Accessors|Extends|Extended by|Implements|Type Declaration)$/gm;

/** What the search knows of a page. */
function searchable(source, env, md) {
  const isReference = env.relativePath.startsWith('api/');
  return md.render(isReference ? source.replaceAll(EMPTY_HEADINGS, '') : source, env);
}

/** Tells the commands of a terminal session from what they printed. */
const consoleCommands = {
  name: 'console-commands',
  line(node, line) {
    if (this.options.lang !== 'console') return;
    const isCommand = this.source.split('\n')[line - 1].startsWith('$ ');
    this.addClassToHast(node, isCommand ? 'command' : 'printed');
  },
};

export default defineConfig({
  title: 'redis-blaster',
  description: 'Client-side sharding for Redis and Valkey, typed.',
  lang: 'en',
  // The path under which the site stands, for a host that gives it one.
  base: process.env.DOCS_BASE ?? '/',
  cacheDir: 'node_modules/.cache/vitepress',
  srcExclude: ['node_modules/**', 'tools/**'],
  head: [
    [
      'link',
      { rel: 'icon', href: `${process.env.DOCS_BASE ?? '/'}logo.svg`, type: 'image/svg+xml' },
    ],
    ['meta', { name: 'theme-color', content: '#0f766e' }],
  ],
  markdown: {
    theme: { light: 'github-light-default', dark: 'github-dark-default' },
    anchor: { slugify },
    codeTransformers: [consoleCommands],
    config: (md) => {
      md.core.ruler.push('cell_labels', labelCells);
      md.core.ruler.push('programs', unlinkPrograms);
    },
  },
  themeConfig: {
    logo: '/logo.svg',
    nav: [
      { text: 'Guide', link: '/getting-started', activeMatch: '^/(getting-started|guide/|limits)' },
      { text: 'Recipes', link: '/recipes/', activeMatch: '^/(recipes/|examples)' },
      { text: 'API', link: '/api/', activeMatch: '^/api/' },
      { text: 'Reliability', link: '/reliability' },
      { text: 'Performance', link: '/performance' },
      {
        text: 'Coming from',
        items: [
          { text: 'Python rb', link: '/from-python-rb' },
          { text: 'ioredis', link: '/from-ioredis' },
          { text: 'node-redis', link: '/from-node-redis' },
        ],
      },
    ],
    sidebar: { '/api/': referenceSidebar(), '/': guide },
    outline: [2, 3],
    search: {
      provider: 'local',
      options: {
        detailedView: 'auto',
        _render: searchable,
        miniSearch: {
          searchOptions: {
            boostDocument: (id) => (id.includes('/api/') ? 0.7 : 1),
          },
        },
      },
    },
    footer: { message: 'Released under the Apache-2.0 licence.' },
  },
});
