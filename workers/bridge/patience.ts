/** Waits that end: by a signal, or when the time is up. */
import { WattstreamError } from "../../shared/errors.ts";
import { StallWatch } from "../../shared/service/stall_watch.ts";

/** The result of `promise`. @throws WattstreamError `unavailable` where `signal` aborts first. */
export async function unlessAborted<T>(signal: AbortSignal, promise: Promise<T>): Promise<T> {
  const aborted = Promise.withResolvers<never>();
  const onAbort = () => aborted.reject(signal.reason);
  if (signal.aborted) onAbort();
  signal.addEventListener("abort", onAbort);
  try {
    return await Promise.race([promise, aborted.promise]);
  } finally {
    signal.removeEventListener("abort", onAbort);
  }
}

/** The result of `promise`. @throws WattstreamError `unavailable` where it takes longer. */
export async function within<T>(timeoutMs: number, promise: Promise<T>): Promise<T> {
  const overdue = new AbortController();
  const watch = new StallWatch(timeoutMs, () => {
    overdue.abort(new WattstreamError("unavailable", `no answer within ${timeoutMs} ms`));
  });
  try {
    return await unlessAborted(overdue.signal, promise);
  } finally {
    watch.close();
  }
}
