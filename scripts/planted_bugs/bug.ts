/** A bug that a test must catch. */

export interface Bug {
  readonly title: string;
  readonly file: string;
  /** Stands in the file once. */
  readonly code: string;
  readonly planted: string;
  /** The test that catches it, where it is not that of the law. */
  readonly law?: string;
}
