/** Longer than anything takes, also on a busy machine; how long clients wait is not measured. */
export const TIMEOUT_MS = 60_000;
