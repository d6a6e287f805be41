/**
 * In which JavaScript types a reply is decoded: a type mapping of `@redis/client`, made ready for
 * the decoder.
 */

import * as RESP from './resp-types.js';

/** A constructor for each RESP type that is not to be decoded in its default type. */
export type TypeChoices = { readonly [type: number]: unknown };

/** Builds a verbatim string from its three-letter format and its text. */
export type VerbatimConstructor = new (format: string, text: string) => unknown;

/** Builds an empty list for the fields and values of a map. */
export type ListConstructor = new () => unknown[];

/** A type mapping in the form that the decoder reads. */
export interface DecodeMapping {
  readonly numberAsString: boolean;
  readonly bigNumberAsString: boolean;
  readonly doubleAsString: boolean;
  readonly simpleAsBuffer: boolean;
  readonly blobAsBuffer: boolean;
  readonly verbatimAsBuffer: boolean;
  readonly verbatim: VerbatimConstructor | undefined;
  readonly setAsSet: boolean;
  readonly mapAsMap: boolean;
  readonly mapAsArray: boolean;
  /** The class of the flat list that a map becomes, where that is a subclass of Array. */
  readonly mapList: ListConstructor | undefined;
}

/** Makes a type mapping ready for the decoder. */
export function decodeMapping(choices: TypeChoices | undefined): DecodeMapping {
  const verbatim = choices?.[RESP.VERBATIM_STRING];
  const map = choices?.[RESP.MAP];
  const mapList = isListClass(map) ? map : undefined;
  return {
    numberAsString: choices?.[RESP.NUMBER] === String,
    bigNumberAsString: choices?.[RESP.BIG_NUMBER] === String,
    doubleAsString: choices?.[RESP.DOUBLE] === String,
    simpleAsBuffer: choices?.[RESP.SIMPLE_STRING] === Buffer,
    blobAsBuffer: choices?.[RESP.BLOB_STRING] === Buffer,
    verbatimAsBuffer: verbatim === Buffer,
    verbatim:
      typeof verbatim === 'function' && verbatim !== Buffer && verbatim !== String
        ? (verbatim as VerbatimConstructor)
        : undefined,
    setAsSet: choices?.[RESP.SET] === Set,
    mapAsMap: map === Map,
    mapAsArray: map === Array || mapList !== undefined,
    mapList,
  };
}

function isListClass(choice: unknown): choice is ListConstructor {
  return typeof choice === 'function' && choice.prototype instanceof Array;
}

/** Every RESP type in its default JavaScript type. */
export const DEFAULT_MAPPING: DecodeMapping = decodeMapping(undefined);
