/** What the server sends, as state of a component: live, or why not. */
import { useEffect, useRef, useState } from "preact/hooks";

export type Connection = "connecting" | "live" | "lost";

/** Happens to the window when the server says that nobody has logged in. */
export const LOGGED_OUT = "logged-out";

/** A connection that the browser has given up is tried again after so long. */
const AGAIN_MS = 2000;

/**
 * Listens for as long as the component is there, and connects again by itself.
 * @param path undefined to listen to nothing.
 * @param handlers by name of the event; each gets what was sent.
 */
export function useServerEvents(
  path: string | undefined,
  handlers: Readonly<Record<string, (data: never) => void>>,
): Connection {
  const [connection, setConnection] = useState<Connection>("connecting");
  const newest = useRef(handlers);
  newest.current = handlers;
  useEffect(() => {
    if (path === undefined) return;
    let timer: ReturnType<typeof setTimeout> | undefined;
    let source: EventSource;
    const connect = () => {
      source = new EventSource(path);
      source.onopen = () => setConnection("live");
      source.onerror = () => {
        setConnection("lost");
        if (source.readyState !== EventSource.CLOSED) return;
        timer = setTimeout(connect, AGAIN_MS);
        // A browser does not tell why it was refused.
        getJson("api/me").catch(() => {});
      };
      for (const name of Object.keys(newest.current)) {
        source.addEventListener(name, (event) => {
          newest.current[name]?.(JSON.parse((event as MessageEvent).data) as never);
        });
      }
    };
    setConnection("connecting");
    connect();
    return () => {
      clearTimeout(timer);
      source.close();
    };
  }, [path]);
  return connection;
}

/**
 * What a path gives: undefined while it is on its way, or why it does not come.
 * @param everyMs from each answer to the next question; without, it is asked once.
 */
export function useFetched<T>(path: string, everyMs?: number): {
  readonly data: T | undefined;
  readonly problem: string | undefined;
  readonly again: () => void;
} {
  const [state, setState] = useState<{ data?: T; problem?: string }>({});
  const [attempt, setAttempt] = useState(0);
  useEffect(() => {
    const abort = new AbortController();
    let timer: ReturnType<typeof setTimeout> | undefined;
    const ask = async () => {
      try {
        setState({ data: await getJson<T>(path, abort.signal) });
      } catch (error) {
        if (abort.signal.aborted) return;
        // What was there before is shown on.
        setState((before) => ({ ...before, problem: (error as Error).message }));
      }
      if (everyMs !== undefined) timer = setTimeout(ask, everyMs);
    };
    void ask();
    return () => {
      abort.abort();
      clearTimeout(timer);
    };
  }, [path, attempt, everyMs]);
  const again = () => setAttempt((count) => count + 1);
  return { data: state.data, problem: state.problem, again };
}

/** @throws Error with what the server says is wrong. */
export async function getJson<T>(path: string, signal?: AbortSignal): Promise<T> {
  return await answerTo<T>(fetch(path, signal === undefined ? {} : { signal }));
}

/** @throws Error with what the server says is wrong. */
export async function sendJson<T>(
  method: "POST" | "PUT",
  path: string,
  data: unknown,
  signal?: AbortSignal,
): Promise<T> {
  const headers = { "content-type": "application/json" };
  const body = JSON.stringify(data);
  return await answerTo<T>(fetch(path, { method, headers, body, ...(signal && { signal }) }));
}

async function answerTo<T>(asked: Promise<Response>): Promise<T> {
  const response = await asked;
  if (response.ok) return await response.json() as T;
  if (response.status === 401) dispatchEvent(new Event(LOGGED_OUT));
  const type = response.headers.get("content-type") ?? "";
  const said = type.startsWith("application/json") ? await response.json() : undefined;
  const { status } = response;
  throw new Error(said?.error ?? `the console answers ${status}`, { cause: status });
}
