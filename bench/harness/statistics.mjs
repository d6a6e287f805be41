/** What is made of the figures of several runs. */

/** The median of some figures. */
export function median(figures) {
  const sorted = [...figures].sort((a, b) => a - b);
  const middle = sorted.length >> 1;
  return sorted.length % 2 === 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2;
}

/** The median of each figure over records of the same figures. */
export function medians(records) {
  const names = Object.keys(records[0] ?? {});
  return Object.fromEntries(
    names.map((name) => [name, median(records.map((record) => record[name]))]),
  );
}

/** The lowest and the highest of some figures. */
export function extent(figures) {
  return { min: Math.min(...figures), max: Math.max(...figures) };
}
