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

/**
 * A type mapping in the form that the decoder reads. A class, so that all have one shape: V8 gives
 * copies of object literals others.
 */
export class DecodeMapping {
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

  constructor(choices: TypeChoices | undefined) {
    const verbatim = choices?.[RESP.VERBATIM_STRING];
    const map = choices?.[RESP.MAP];
    this.numberAsString = choices?.[RESP.NUMBER] === String;
    this.bigNumberAsString = choices?.[RESP.BIG_NUMBER] === String;
    this.doubleAsString = choices?.[RESP.DOUBLE] === String;
    this.simpleAsBuffer = choices?.[RESP.SIMPLE_STRING] === Buffer;
    this.blobAsBuffer = choices?.[RESP.BLOB_STRING] === Buffer;
    this.verbatimAsBuffer = verbatim === Buffer;
    this.verbatim =
      typeof verbatim === 'function' && verbatim !== Buffer && verbatim !== String
        ? (verbatim as VerbatimConstructor)
        : undefined;
    this.setAsSet = choices?.[RESP.SET] === Set;
    this.mapAsMap = map === Map;
    this.mapList = isListClass(map) ? map : undefined;
    this.mapAsArray = map === Array || this.mapList !== undefined;
  }
}

function isListClass(choice: unknown): choice is ListConstructor {
  return typeof choice === 'function' && choice.prototype instanceof Array;
}

/** Every RESP type in its default JavaScript type. */
export const DEFAULT_MAPPING = new DecodeMapping(undefined);
