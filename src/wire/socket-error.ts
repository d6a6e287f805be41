/** What the error of a socket says, in one line. */

/** Of a name with several addresses, of which none could be connected to: one error for each. */
export interface SeveralErrors extends Error {
  readonly errors: readonly Error[];
}

/** Whether it is such an error. It has no text of its own. */
export function isSeveralErrors(error: Error): error is SeveralErrors {
  // Not by `instanceof`: where the library runs in another realm, Node's class is not that of the global.
  return Array.isArray((error as Partial<SeveralErrors>).errors);
}

/** The text of an error, or its code where it has none. */
export function socketMessage(error: Error): string {
  const parts = isSeveralErrors(error) ? error.errors : [error];
  const texts = parts.map(({ message }) => message.trim()).filter((text) => text !== '');
  if (texts.length > 0) return texts.join('; ');
  return (error as NodeJS.ErrnoException).code ?? error.name;
}
