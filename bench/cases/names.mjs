/** The cases, in the order in which they run. Each is a file of this folder. */
export const caseNames = [
  'get',
  'set',
  'mixed',
  'hgetall',
  'big-values',
  'concurrent-loops',
  'sequential',
];
