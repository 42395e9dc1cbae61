/**
 * Every error that Wattstream itself raises: a closed list of codes and one class, so that a caller
 * decides by `code` and a person reads `message`. The original error is always kept as `cause`.
 */

/** What went wrong, and so how to react. */
export type ErrorCode =
  /** Flags or environment are wrong: exit 2 before anything connects. */
  | "config"
  /** A topic is missing, or set up wrongly, or its brokers are: a person must change it. */
  | "topic"
  /** The other side refuses who we are (password, certificate, ACL): a person must change it. */
  | "auth"
  /** The other side cannot be reached or is not ready yet: try again. */
  | "unavailable"
  /** Another process owns this task now: stop without writing. */
  | "fenced"
  /** The log no longer holds records that are needed. */
  | "retention"
  /** Something that cannot happen happened: crash before the commit. */
  | "invariant";

/** The one error class of the project. */
export class WattstreamError extends Error {
  readonly code: ErrorCode;

  constructor(code: ErrorCode, message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = "WattstreamError";
    this.code = code;
  }
}

/** True for an error of ours with this code. */
export function hasCode(error: unknown, code: ErrorCode): error is WattstreamError {
  return error instanceof WattstreamError && error.code === code;
}

/** Asserts what the code relies on. @throws WattstreamError `invariant` when `condition` is false. */
export function invariant(condition: boolean, message: string): asserts condition {
  if (!condition) throw new WattstreamError("invariant", message);
}

/** The text of any thrown value. */
export function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
