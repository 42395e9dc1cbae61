/** What the server sends, as state of a component: live, or why not. */
import { useEffect, useRef, useState } from "preact/hooks";
import type { Health } from "../server/health.ts";

/** How what a page shows stands to what there is. */
export interface Live {
  readonly connection: "connecting" | "live" | "lost";
  /** Undefined until the server says. */
  readonly health: Health | undefined;
  /** Why what the page shows cannot be read from the log. */
  readonly away: string | undefined;
}

/** Happens to the window when the server says that nobody has logged in. */
export const LOGGED_OUT = "logged-out";

/** A connection that the browser has given up is tried again after so long. */
const AGAIN_MS = 2000;
/** The server says something every second: one that does not is away, or the network is. */
const SILENT_MS_MAX = 5000;

/**
 * Listens for as long as the component is there, and connects again by itself.
 * @param handlers by name of the event; each gets what was sent.
 */
export function useServerEvents(
  path: string,
  handlers: Readonly<Record<string, (data: never) => void>>,
): Live {
  const [connection, setConnection] = useState<Live["connection"]>("connecting");
  const [health, setHealth] = useState<Health>();
  const [away, setAway] = useState<string>();
  const newest = useRef(handlers);
  newest.current = handlers;
  useEffect(() => {
    let again: ReturnType<typeof setTimeout> | undefined;
    let silence: ReturnType<typeof setTimeout> | undefined;
    let source: EventSource;
    let healthText = "";
    const connect = () => {
      source = new EventSource(path);
      const on = (name: string, take: (text: string) => void) =>
        source.addEventListener(name, (event) => {
          hear();
          take((event as MessageEvent).data);
        });
      source.onopen = () => setConnection("live");
      source.onerror = () => {
        setConnection("lost");
        if (source.readyState !== EventSource.CLOSED) return;
        again = setTimeout(connect, AGAIN_MS);
        // A browser does not tell why it was refused.
        getJson("api/me").catch(() => {});
      };
      for (const name of Object.keys(newest.current)) {
        on(name, (text) => {
          setAway(undefined);
          newest.current[name]?.(JSON.parse(text) as never);
        });
      }
      on("away", (text) => setAway(JSON.parse(text).problem));
      on("health", (text) => {
        // Nothing is drawn anew every second for what has not changed.
        if (text === healthText) return;
        healthText = text;
        const now: Health = JSON.parse(text);
        setHealth(now);
        if (now.log === undefined) setAway(undefined);
      });
    };
    const hear = () => {
      clearTimeout(silence);
      silence = setTimeout(() => {
        setConnection("lost");
        source.close();
        clearTimeout(again);
        connect();
        hear();
      }, SILENT_MS_MAX);
    };
    setConnection("connecting");
    connect();
    hear();
    return () => {
      clearTimeout(again);
      clearTimeout(silence);
      source.close();
    };
  }, [path]);
  return { connection, health, away };
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
