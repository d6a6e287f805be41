/** How `rb spread` looks. */

import { bar } from './bars.js';
import { skewOf } from './host-status.js';
import type { Output } from './output.js';
import type { Placement } from './placement.js';
import { formatTable } from './table.js';
import { formatCount, formatShare, plural } from './text.js';

/** The longest bar. */
const MAX_BAR = 50;
/** What stands beside a bar: the id, the count and the share. */
const BESIDE_BAR = 30;

/** The bar chart of the cluster as it is, and the table of what it is compared with. */
export function formatSpread(
  now: Placement,
  others: readonly Placement[],
  { colors, width }: Pick<Output, 'colors' | 'width'>,
): string {
  const title = `${plural(now.total, 'key')} on ${plural(now.hosts, 'host')}, ${now.router}`;
  const chart = chartLines(now, Math.max(10, Math.min(MAX_BAR, width - BESIDE_BAR)), colors.cyan);
  const lines = [colors.bold(title), ...chart];
  if (others.length > 0) lines.push('', comparison([now, ...others], colors.bold));
  return lines.join('\n');
}

function chartLines(
  { counts, total }: Placement,
  width: number,
  paint: (text: string) => string,
): string[] {
  const largest = Math.max(...counts.values());
  const idWidth = Math.max(...[...counts.keys()].map((id) => String(id).length));
  const countWidth = formatCount(largest).length;
  return [...counts].map(([id, count]) => {
    const share = total === 0 ? 0 : count / total;
    const numbers = `${formatCount(count).padStart(countWidth)}  ${formatShare(share).padStart(6)}`;
    return `host ${String(id).padStart(idWidth)}  ${numbers}  ${paint(bar(count, largest, width))}`.trimEnd();
  });
}

function comparison(placements: readonly Placement[], bold: (text: string) => string): string {
  const columns = ['ROUTER', 'HOSTS', 'FEWEST', 'MOST', 'MOST/MEAN', 'MOVE', 'SHARE'].map(
    (title, index) => ({ title: bold(title), isRight: index > 0 }),
  );
  const rows = placements.map((placement, index) => {
    const { router, hosts, total, moved } = placement;
    const { fewest, most, mostToMean } = evenness(placement);
    const moves = index === 0 ? ['-', '-'] : [formatCount(moved), formatShare(moved / total)];
    const counts = [formatCount(hosts), formatCount(fewest), formatCount(most)];
    return [router, ...counts, mostToMean.toFixed(2), ...moves];
  });
  return formatTable(columns, rows);
}

function evenness({ counts }: Placement): { fewest: number; most: number; mostToMean: number } {
  const skew = skewOf(counts);
  const [only = 0] = counts.values();
  if (skew === undefined) return { fewest: only, most: only, mostToMean: 1 };
  return { fewest: skew.smallest, most: skew.largest, mostToMean: skew.largestToMean };
}

/** The same for `--json`. */
export function spreadJson(now: Placement, others: readonly Placement[]): unknown {
  const shape = (placement: Placement): object => ({
    router: placement.router,
    hosts: placement.hosts,
    ...evenness(placement),
    counts: [...placement.counts].map(([host, keys]) => ({ host, keys })),
  });
  return {
    keys: now.total,
    now: shape(now),
    compared: others.map((other) => ({
      ...shape(other),
      moved: other.moved,
      movedShare: other.moved / other.total,
    })),
  };
}
