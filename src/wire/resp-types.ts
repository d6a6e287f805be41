/** The first byte of every RESP2 and RESP3 value. Source: redis-specifications, RESP3.md. */

export const NULL = 0x5f; // _
export const BOOLEAN = 0x23; // #
export const NUMBER = 0x3a; // :
export const BIG_NUMBER = 0x28; // (
export const DOUBLE = 0x2c; // ,
export const SIMPLE_STRING = 0x2b; // +
export const BLOB_STRING = 0x24; // $
export const VERBATIM_STRING = 0x3d; // =
export const SIMPLE_ERROR = 0x2d; // -
export const BLOB_ERROR = 0x21; // !
export const ARRAY = 0x2a; // *
export const SET = 0x7e; // ~
export const MAP = 0x25; // %
export const PUSH = 0x3e; // >
export const ATTRIBUTE = 0x7c; // |

export const CR = 0x0d;
export const LF = 0x0a;
