/** Holds the figures against the goals. */

const kinds = {
  atMost: {
    measure: ({ ours, best }) => ours / best,
    holds: (measured, bound) => measured <= bound,
    show: (value) => value.toFixed(2),
    sign: 'at most',
  },
  timesFaster: {
    measure: ({ ours, best }) => best / ours,
    holds: (measured, bound) => measured >= bound,
    show: (value) => `${value.toFixed(2)}x`,
    sign: 'at least',
  },
  spread: {
    measure: ({ group }) => Math.max(...group) / Math.min(...group),
    holds: (measured, bound) => measured <= bound,
    show: (value) => `${value.toFixed(2)}x`,
    sign: 'at most',
  },
  most: {
    measure: ({ ours }) => ours,
    holds: (measured, bound) => measured <= bound,
    show: (value, unit) => `${value.toFixed(1)} ${unit}`,
    sign: 'at most',
  },
};

/**
 * The verdicts on all goals whose scenario was measured: `scenario`, `text`, `measured`, and for
 * `floor` and `aim` the `bound`, and `holds`: null where nothing is to be said.
 */
export function judge(goals, scenarios) {
  return goals.flatMap((goal) => {
    const found = scenarios.find(({ name }) => name === goal.scenario);
    const entries = found?.tables.flatMap((table) => table.entries) ?? [];
    return entries.length === 0 ? [] : [judgeGoal(goal, entries)];
  });
}

function judgeGoal(goal, entries) {
  const kind = kinds[goal.kind];
  const measured = measure(goal, entries);
  const judged = (bound) => {
    if (bound === undefined) return { bound: null, holds: null, text: '', answer: '' };
    const holds = measured === null ? null : kind.holds(measured, bound);
    const text = `${kind.sign} ${kind.show(bound, goal.unit)}`;
    return { bound, holds, text, answer: { true: 'holds', false: 'MISSED' }[holds] ?? '' };
  };
  return {
    scenario: goal.scenario,
    text: describe(goal),
    measured: measured === null ? 'not measured' : kind.show(measured, goal.unit),
    ratio: measured,
    floor: judged(goal.floor),
    aim: judged(goal.aim),
  };
}

/** The measured value of a goal; null where one of its entries is missing. */
function measure({ of, to, kind, figure = 'timeMs' }, entries) {
  const valuesOf = (isWanted) => entries.filter(isWanted).map(({ medians }) => medians[figure]);
  const [ours] = valuesOf(({ name }) => name === of);
  const peers = valuesOf(({ name }) => to?.includes(name));
  const group = valuesOf((entry) => entry.group === of);
  const isMissing = {
    spread: group.length < 2,
    most: ours === undefined,
  };
  if (isMissing[kind] ?? (ours === undefined || peers.length === 0)) return null;
  return kinds[kind].measure({ ours, best: Math.min(...peers), group });
}

function describe({ scenario, of, to, kind, figure }) {
  const what = figure === undefined ? of : `${of} (${figure})`;
  if (kind === 'spread') return `${scenario}: ${what}, highest to lowest`;
  if (to === undefined) return `${scenario}: ${what}`;
  const whom = to.length > 2 ? 'the fastest of ioredis and node-redis' : to.join(' or ');
  return `${scenario}: ${what} against ${whom}`;
}
