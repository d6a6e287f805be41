/** Text in, words and their counts out. */

/** Letters and digits, with inner apostrophes and hyphens: "whale", "o'er", "forty-four". */
const WORD = /[\p{L}\p{N}]+(?:['-][\p{L}\p{N}]+)*/gu;

/** All words of a text, in order, in lower case. */
export function splitWords(text) {
  return text.replaceAll('’', "'").toLowerCase().match(WORD) ?? [];
}

/** How often each word occurs, as a Map in the order of first use. */
export function countWords(words) {
  const counts = new Map();
  for (const word of words) counts.set(word, (counts.get(word) ?? 0) + 1);
  return counts;
}

/** The `size` most frequent entries of a Map of counts, the most frequent first. */
export function topEntries(counts, size) {
  return [...counts].sort(([, a], [, b]) => b - a).slice(0, size);
}

/** Neighbouring parts of a list, of `size` elements each (the last one may be shorter). */
export function* slices(list, size) {
  for (let start = 0; start < list.length; start += size) yield list.slice(start, start + size);
}
