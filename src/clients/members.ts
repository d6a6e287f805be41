/**
 * The names of what clients have for the library's own use. They are symbols because scripts,
 * functions and modules of a user become members of the clients, too, by any name.
 */

/** Sends an encoded command to where it belongs, and answers its promise. */
export const ISSUE = Symbol('issue');
/** The same for a plain GET or SET, which is not encoded yet. */
export const ISSUE_PLAIN = Symbol('issuePlain');
/** Answers a rejected promise. */
export const REFUSE = Symbol('refuse');
/** From the arguments of a method, or of `executeCommand`, to an issued command. */
export const RUN_TYPED = Symbol('runTyped');
export const RUN_RAW = Symbol('runRaw');
/** Makes the promise of a command. */
export const NEW_PROMISE = Symbol('newPromise');
/** The session of a client of a map or fan-out, and the type mapping of its replies. */
export const SESSION = Symbol('session');
export const MAPPING = Symbol('mapping');
