/**
 * The outcome of a reply of which a class of the caller's own was to be made, and threw, or a string
 * that cannot be so long. It goes the way of an error that the server answers, but is none: nothing is
 * counted, and nothing sent again.
 */
export class Thrown extends Error {
  constructor(
    /** What was thrown, which may be anything. */
    readonly reason: unknown,
  ) {
    super();
  }
}
