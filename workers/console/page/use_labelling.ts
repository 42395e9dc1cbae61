/** Says twice a second that a person is here and what is on, for as long as the page is seen. */
import { useEffect, useRef, useState } from "preact/hooks";
import type { HouseholdIdentity } from "../../../shared/events.ts";
import type { LabellingState } from "../label/labellers.ts";
import { sendJson } from "./events.ts";
import { pathOf } from "./routes.ts";

const EVERY_MS = 500;

/** @param vector undefined while nobody labels. */
export function useLabelling(
  household: HouseholdIdentity,
  vector: readonly boolean[] | undefined,
): { readonly startedMs: number | undefined; readonly problem: string | undefined } {
  const newest = useRef(vector);
  newest.current = vector;
  const [startedMs, setStartedMs] = useState<number>();
  const [problem, setProblem] = useState<string>();
  const isLabelling = vector !== undefined;
  const path = `api/${pathOf(household)}/labels`;
  useEffect(() => {
    if (!isLabelling) return;
    const page = crypto.randomUUID();
    const abort = new AbortController();
    const say = async () => {
      const on = newest.current;
      // Behind another window, or on a phone that is put away, nobody looks at the switches.
      if (on === undefined || document.hidden) return;
      try {
        const state = await sendJson<LabellingState>("POST", path, { page, on }, abort.signal);
        setProblem(state.problem);
      } catch (error) {
        if (!abort.signal.aborted) setProblem((error as Error).message);
      }
    };
    setStartedMs(Date.now());
    setProblem(undefined);
    void say();
    const timer = setInterval(say, EVERY_MS);
    return () => {
      abort.abort();
      clearInterval(timer);
      setStartedMs(undefined);
    };
  }, [path, isLabelling]);
  return { startedMs, problem };
}
