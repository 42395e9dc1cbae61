/** Says twice a second, and at each flip, that a person is here and what is on, while the page is seen. */
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
  const sayNow = useRef<() => Promise<void>>(undefined);
  const path = `api/${pathOf(household)}/labels`;
  useEffect(() => {
    if (!isLabelling) return;
    const page = crypto.randomUUID();
    const abort = new AbortController();
    let word = 0;
    const say = async () => {
      const on = newest.current;
      // Behind another window, or on a phone that is put away, nobody looks at the switches.
      if (on === undefined || document.hidden) return;
      try {
        const state = await sendJson<LabellingState>(
          "POST",
          path,
          { page, word: ++word, on },
          abort.signal,
        );
        setProblem(state.problem);
      } catch (error) {
        if (!abort.signal.aborted) setProblem((error as Error).message);
      }
    };
    setStartedMs(Date.now());
    setProblem(undefined);
    sayNow.current = say;
    const timer = setInterval(say, EVERY_MS);
    return () => {
      abort.abort();
      clearInterval(timer);
      setStartedMs(undefined);
      sayNow.current = undefined;
    };
  }, [path, isLabelling]);
  useEffect(() => void sayNow.current?.(), [path, vector?.join()]);
  return { startedMs, problem };
}
