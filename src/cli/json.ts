/** JSON as it is printed. */

/**
 * A value as JSON, on one line or indented. Of the controls that a terminal may obey, JSON itself
 * escapes those below the space only; the others are escaped here.
 */
export function jsonText(value: unknown, indent?: number): string {
  return JSON.stringify(value, null, indent).replaceAll(
    /[\x7f-\x9f]/g,
    (control) => `\\u00${control.charCodeAt(0).toString(16)}`,
  );
}
