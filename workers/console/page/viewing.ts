/** Who looks at the page: everyone, a user who has logged in, or nobody yet. */
import { createContext } from "preact";
import { useContext, useEffect, useState } from "preact/hooks";
import type { HouseholdIdentity } from "../../../shared/events.ts";
import type { Viewing } from "../access/routes.ts";
import { getJson, LOGGED_OUT } from "./events.ts";

/** How soon a console that does not say is asked again. */
const AGAIN_MS = 2000;

export const ViewingContext = createContext<Viewing>({ isOperator: false });

/** Whether who looks may say what is on in a household. */
export function useMayLabel({ username }: HouseholdIdentity): boolean {
  const viewing = useContext(ViewingContext);
  return viewing.username === undefined || viewing.username === username;
}

export interface ViewingState {
  readonly viewing: Viewing | "nobody" | undefined;
  readonly problem: string | undefined;
  /** Asks anew, as after logging in. */
  readonly again: () => void;
}

export function useViewing(): ViewingState {
  const [viewing, setViewing] = useState<Viewing | "nobody">();
  const [problem, setProblem] = useState<string>();
  const [attempt, setAttempt] = useState(0);
  const again = () => setAttempt((count) => count + 1);
  useEffect(() => {
    const onLoggedOut = () => setViewing("nobody");
    addEventListener(LOGGED_OUT, onLoggedOut);
    return () => removeEventListener(LOGGED_OUT, onLoggedOut);
  }, []);
  useEffect(() => {
    let timer: ReturnType<typeof setTimeout> | undefined;
    getJson<Viewing>("api/me").then(
      (found) => {
        setViewing(found);
        setProblem(undefined);
      },
      (error: Error) => {
        // Nobody has logged in: whoever does asks again.
        if (error.cause === 401) return;
        setProblem(error.message);
        timer = setTimeout(again, AGAIN_MS);
      },
    );
    return () => clearTimeout(timer);
  }, [attempt]);
  return { viewing, problem, again };
}
