/**
 * Values as Python's `repr` writes them, to the letter: they are hashed, so every quote counts.
 *
 * What Python escapes depends on the Unicode version that it knows. Node's may be newer: characters
 * assigned since then are the only ones that can come out differently.
 */

/** What `str.isprintable` is false for: controls, formats, surrogates, private, unassigned, spaces. */
const UNPRINTABLE = /[\p{Cc}\p{Cf}\p{Cs}\p{Co}\p{Cn}\p{Zl}\p{Zp}\p{Zs}]/u;

const SHORT_ESCAPES: Readonly<Record<string, string>> = {
  '\\': '\\\\',
  '\n': '\\n',
  '\r': '\\r',
  '\t': '\\t',
};

/** A Python value as far as a host has any: text, a whole number, True or False, None. */
export type PythonValue = string | number | boolean | undefined;

/** The `repr` of a value; `undefined` is Python's None. */
export function pythonRepr(value: PythonValue): string {
  switch (typeof value) {
    case 'string':
      return stringRepr(value);
    case 'boolean':
      return value ? 'True' : 'False';
    case 'undefined':
      return 'None';
    default:
      return String(value);
  }
}

function stringRepr(text: string): string {
  const quote = text.includes("'") && !text.includes('"') ? '"' : "'";
  let body = '';
  for (const character of text) {
    body += character === quote ? `\\${quote}` : escaped(character);
  }
  return quote + body + quote;
}

function escaped(character: string): string {
  const short = SHORT_ESCAPES[character];
  if (short !== undefined) return short;
  if (character === ' ' || !UNPRINTABLE.test(character)) return character;
  const hex = character.codePointAt(0)!.toString(16);
  if (hex.length <= 2) return `\\x${hex.padStart(2, '0')}`;
  return hex.length <= 4 ? `\\u${hex.padStart(4, '0')}` : `\\U${hex.padStart(8, '0')}`;
}
