/** Time that is paused, and can be moved: back to where the log begins, and on to where it was paused. */
import { useEffect, useState } from "preact/hooks";
import type { HouseholdIdentity } from "../../../shared/events.ts";
import type { Past } from "../household/past.ts";
import { getJson } from "./events.ts";
import { pathOf } from "./routes.ts";
import { Broken } from "./states.tsx";

const STEP_S = 300;
/** A slider that moves asks for what it stands at when it rests. */
const REST_MS = 250;

export interface PastView {
  readonly untilS: number;
  readonly past: Past | undefined;
  readonly problem: string | undefined;
  readonly move: (untilS: number) => void;
}

/** @param pausedS the second at which time was paused; undefined while it runs. */
export function usePast(household: HouseholdIdentity, pausedS: number | undefined): PastView {
  const [untilS, move] = useState(0);
  const [past, setPast] = useState<Past>();
  const [problem, setProblem] = useState<string>();
  useEffect(() => {
    setPast(undefined);
    move(pausedS ?? 0);
  }, [pausedS]);
  useEffect(() => {
    if (pausedS === undefined || untilS === 0) return;
    const abort = new AbortController();
    const ask = async () => {
      try {
        const path = `api/${pathOf(household)}/past/${untilS}`;
        setPast(await getJson<Past>(path, abort.signal));
        setProblem(undefined);
      } catch (error) {
        if (!abort.signal.aborted) setProblem((error as Error).message);
      }
    };
    const timer = setTimeout(ask, REST_MS);
    return () => {
      clearTimeout(timer);
      abort.abort();
    };
  }, [untilS, pausedS]);
  return { untilS, past, problem, move };
}

export function TimeBar(
  { view: { untilS, past, problem, move }, pausedS }: {
    readonly view: PastView;
    readonly pausedS: number;
  },
) {
  const beginS = Math.min(pausedS, past?.beginS ?? pausedS - STEP_S);
  const to = (second: number) => move(Math.max(beginS, Math.min(pausedS, second)));
  const text = new Date(untilS * 1000).toLocaleString("en-GB");
  return (
    <section class="card time" aria-label="Time">
      <div class="buttons">
        <button type="button" onClick={() => to(beginS)}>To the beginning</button>
        <button type="button" onClick={() => to(untilS - STEP_S)}>5 min back</button>
        <button type="button" onClick={() => to(untilS + STEP_S)}>5 min on</button>
        <span>{text}</span>
      </div>
      <input
        type="range"
        aria-label="What is shown ends at"
        aria-valuetext={text}
        min={beginS}
        max={pausedS}
        value={untilS}
        onInput={(event) => to(Number(event.currentTarget.value))}
      />
      {problem !== undefined && <Broken what="The past does not come." problem={problem} />}
    </section>
  );
}
