/** Draws the main results as an SVG that is readable on light and on dark pages. */

const WIDTH = 880;
const LABEL_WIDTH = 200;
const VALUE_WIDTH = 130;
const MARGIN = 24;
const BAR_HEIGHT = 14;
const BAR_STEP = 20;
const GROUP_GAP = 16;
const HEAD_HEIGHT = 76;
const FOOT_HEIGHT = 52;

const MAP = 'redis-blaster map';
const PLAIN_MAP = 'redis-blaster map, autoBatch false';

/** A group of bars compares ours with the peers in one scenario. */
const groups = [
  { label: 'GET', scenario: 'get', ours: MAP, isMerged: true },
  { label: 'GET, not merged', scenario: 'get', ours: PLAIN_MAP },
  { label: 'SET', scenario: 'set', ours: MAP, isMerged: true },
  { label: 'HSET, HGET, INCR, ZADD', scenario: 'mixed-writes', ours: MAP },
  { label: 'GET, HGET, ZSCORE, STRLEN, EXISTS', scenario: 'mixed-reads', ours: MAP },
  { label: 'HGETALL of 10 fields', scenario: 'hgetall', ours: MAP },
];

const peers = [
  'hiredis pipeline',
  'Bun.RedisClient',
  'valkey-glide batch',
  'node-redis pipelines',
  'ioredis pipelines',
];

/** Beside what is merged by itself. */
const mergedPeers = [
  'Bun.RedisClient, merged by hand',
  'node-redis, merged by hand',
  'ioredis, merged by hand',
];

const peerLabels = {
  'hiredis pipeline': 'hiredis (C)',
  'Bun.RedisClient': "Bun's client",
  'Bun.RedisClient, merged by hand': "Bun's, merged by hand",
  'valkey-glide batch': 'valkey-glide (TCP)',
};

const STYLE = `
    .page { fill: #ffffff; stroke: #d1d9e0; }
    text { font: 13px ui-sans-serif, system-ui, 'Segoe UI', Helvetica, Arial, sans-serif; fill: #1f2328; }
    .title { font-size: 17px; font-weight: 600; }
    .group { font-weight: 600; }
    .muted { fill: #59636e; }
    .small { font-size: 11px; }
    .ours { fill: #cf3f2e; }
    .peer { fill: #98a2ae; }
    @media (prefers-color-scheme: dark) {
      .page { fill: #0d1117; stroke: #3d444d; }
      text { fill: #f0f6fc; }
      .muted { fill: #9198a1; }
      .ours { fill: #ff6a55; }
      .peer { fill: #656c76; }
    }`;

/** Throws if no group would have bars to compare in what is planned to be measured, or was. */
export function assertDrawable(scenarios) {
  if (groups.some((group) => entriesOf(group, scenarios).length > 1)) return;
  const names = [...new Set(groups.map(({ scenario }) => scenario))];
  const what = `redis-blaster and others in one of ${names.join(', ')}`;
  throw new Error(`A chart would have nothing to compare: measure ${what}.`);
}

/** The text of an SVG with the bars of a report. @throws Error when it has nothing to compare. */
export function drawChart(report) {
  assertDrawable(report.scenarios);
  const drawn = groups.flatMap((group) => barsOf(group, report.scenarios));
  const longest = Math.max(...drawn.flatMap(({ bars }) => bars.map(({ ratio }) => ratio)));
  const scale = (WIDTH - 2 * MARGIN - LABEL_WIDTH - VALUE_WIDTH) / longest;
  let y = HEAD_HEIGHT;
  const body = [];
  for (const { label, bars } of drawn) {
    body.push(text(MARGIN, y + 11, label, 'group'));
    y += BAR_STEP;
    for (const bar of bars) {
      body.push(drawBar(bar, y, scale));
      y += BAR_STEP;
    }
    y += GROUP_GAP;
  }
  return page(y + FOOT_HEIGHT, [...head(report), ...body, ...foot(report, y)]);
}

/** Ours and the peers of a group, as far as they are there; none without ours. */
function entriesOf({ scenario, ours, isMerged }, scenarios) {
  const entries = scenarios.find(({ name }) => name === scenario)?.tables[0]?.entries ?? [];
  if (!entries.some(({ name }) => name === ours)) return [];
  const names = [ours, ...peers, ...(isMerged ? mergedPeers : [])];
  return names.flatMap((wanted) => entries.filter(({ name }) => name === wanted));
}

/** The group with its bars, or nothing if ours or all others were not measured. */
function barsOf(group, scenarios) {
  const entries = entriesOf(group, scenarios);
  if (entries.length < 2) return [];
  const [base] = entries;
  const bars = entries.map((entry) => ({
    label: entry === base ? 'redis-blaster' : (peerLabels[entry.name] ?? entry.name),
    isOurs: entry === base,
    ms: entry.medians.timeMs,
    ratio: entry.medians.timeMs / base.medians.timeMs,
  }));
  const commands = base.commands.toLocaleString('en-US');
  return [{ label: `${group.label}: ${commands} commands`, bars }];
}

function drawBar({ label, isOurs, ms, ratio }, y, scale) {
  const x = MARGIN + LABEL_WIDTH;
  const width = Math.max(1, ratio * scale).toFixed(1);
  const value = isOurs ? `${ms.toFixed(0)} ms` : `${ratio.toFixed(1)}x, ${ms.toFixed(0)} ms`;
  return [
    text(x - 10, y + 11, label, isOurs ? 'group' : 'muted', 'end'),
    `<rect class="${isOurs ? 'ours' : 'peer'}" x="${x}" y="${y}" width="${width}" height="${BAR_HEIGHT}" rx="2"/>`,
    text(x + Number(width) + 8, y + 11, value, isOurs ? 'group' : 'muted'),
  ].join('\n  ');
}

function head({ hosts, rounds }) {
  const time = rounds === 1 ? 'Time of 1 round' : `Median time of ${rounds} rounds`;
  const subtitle = `${time} over ${hosts} hosts, relative to redis-blaster; shorter is faster`;
  return [
    text(MARGIN, 34, 'The same commands, the same partition of keys', 'title'),
    text(MARGIN, 56, subtitle, 'muted'),
  ];
}

function foot({ machine, transport }, y) {
  const { cpu, cores, node, server, packages } = machine;
  const versions = Object.entries(packages).map(([name, version]) => `${name} ${version}`);
  const where = `${cpu}, ${cores} cores with the servers on them, ${server} over ${transport}, Node ${node}`;
  return [
    text(MARGIN, y + 8, where, 'muted small'),
    text(MARGIN, y + 26, versions.join(', '), 'muted small'),
  ];
}

function page(height, parts) {
  return `<svg xmlns="http://www.w3.org/2000/svg" width="${WIDTH}" height="${height}" viewBox="0 0 ${WIDTH} ${height}" role="img">
  <title>Time that clients for Redis take for the same commands, relative to redis-blaster</title>
  <style>${STYLE}
  </style>
  <rect class="page" x="0.5" y="0.5" width="${WIDTH - 1}" height="${height - 1}" rx="8"/>
  ${parts.join('\n  ')}
</svg>
`;
}

function text(x, y, content, className, anchor = 'start') {
  return `<text class="${className}" x="${x}" y="${y}" text-anchor="${anchor}">${escape(content)}</text>`;
}

function escape(content) {
  return content.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');
}
