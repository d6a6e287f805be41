/** Aligned columns without lines between them, in the manner of other command lines. */

import { stripVTControlCharacters } from 'node:util';

/** One column of a table. */
export interface Column {
  readonly title: string;
  /** Numbers stand to the right. */
  readonly isRight?: boolean;
  /** It may be left out where the table is too wide; the highest number goes first. */
  readonly leaveOut?: number;
}

const GAP = '  ';

/**
 * The rows under the titles of their columns. Cells may have colours, and those of the last column
 * several lines. A reply may have many thousands of them, for which packages that lay out whole
 * tables take minutes.
 */
export function formatTable(
  columns: readonly Column[],
  rows: readonly (readonly string[])[],
): string {
  const all = [columns.map(({ title }) => title), ...rows];
  const widths = columns.map((_, index) =>
    all.reduce((widest, row) => Math.max(widest, widthOf(row[index] ?? '')), 0),
  );
  return all.flatMap((row) => formatRow(row, columns, widths)).join('\n');
}

/**
 * The table with as many of its columns as a line of `width` characters has room for, and the titles
 * of those that were left out.
 */
export function fitTable(
  columns: readonly Column[],
  rows: readonly (readonly string[])[],
  width: number,
): { readonly table: string; readonly leftOut: readonly string[] } {
  const order = columns
    .map(({ title, leaveOut }, index) => ({ title, leaveOut, index }))
    .filter(({ leaveOut }) => leaveOut !== undefined)
    .sort((a, b) => b.leaveOut! - a.leaveOut!);
  for (let count = 0; ; count++) {
    const without = new Set(order.slice(0, count).map(({ index }) => index));
    const keep = <T>(cells: readonly T[]): T[] => cells.filter((_, index) => !without.has(index));
    const table = formatTable(keep(columns), rows.map(keep));
    const isFitting = table.split('\n').every((line) => widthOf(line) <= width);
    if (isFitting || count === order.length) {
      return {
        table,
        leftOut: columns.flatMap(({ title }, index) => (without.has(index) ? [title] : [])),
      };
    }
  }
}

function formatRow(
  row: readonly string[],
  columns: readonly Column[],
  widths: readonly number[],
): string[] {
  const last = columns.length - 1;
  const align = (cell: string, index: number): string => {
    const padding = ' '.repeat(Math.max(0, widths[index]! - widthOf(cell)));
    return columns[index]?.isRight === true ? padding + cell : cell + padding;
  };
  const start = row
    .slice(0, last)
    .map((cell, index) => align(cell, index) + GAP)
    .join('');
  const [first = '', ...others] = (row[last] ?? '').split('\n');
  const indent = ' '.repeat(widthOf(start));
  return [
    (start + align(first, last)).trimEnd(),
    ...others.map((line) => (indent + line).trimEnd()),
  ];
}

/** How many characters a cell takes; of several lines, the first. */
function widthOf(cell: string): number {
  const [line = ''] = cell.split('\n', 1);
  return stripVTControlCharacters(line).length;
}
