/** Nothing: what importing takes without a library. */
export {};
