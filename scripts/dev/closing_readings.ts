/** When the reading came that closed a window: from then on the window was waited for. */
import {
  decodeEvent,
  type HouseholdIdentity,
  type PredictionWindow,
  readingSchema,
} from "../../shared/events.ts";
import type { LogRecord } from "../../shared/log/log.ts";
import { ByHousehold } from "../../shared/oracle/households.ts";
import type { Semantics } from "../../shared/oracle/semantics.ts";

export type ClosingRules = Pick<Semantics, "latenessS" | "maxAheadS">;

/** From this reading on, windows that end by `closedEnd` are closed. */
interface Raise {
  readonly closedEnd: number;
  readonly appendMs: number;
}

/** Takes readings and is asked for windows in the order of the log. */
export class ClosingReadings {
  readonly #rules: ClosingRules;
  /** Of each household, ascending, and none before its newest window. */
  readonly #raises = new ByHousehold<Raise[]>();

  constructor(rules: ClosingRules) {
    this.#rules = rules;
  }

  /** Takes the next record of `power`; one that is no reading, or is ahead of its time, closes nothing. */
  take({ appendMs, value }: LogRecord): void {
    const decoded = decodeEvent(readingSchema, value);
    if (!decoded.ok) return;
    const { latenessS, maxAheadS } = this.#rules;
    const { timestamp } = decoded.event;
    if (timestamp > Math.floor(appendMs / 1000) + maxAheadS) return;
    const raises = this.#raises.getOrMake(decoded.event, () => []);
    const closedEnd = timestamp - latenessS;
    if (closedEnd > (raises.at(-1)?.closedEnd ?? -Infinity)) raises.push({ closedEnd, appendMs });
  }

  /** Append time of the reading that closed a window; undefined where silence or a tick did. */
  closedAtMs(window: HouseholdIdentity & Pick<PredictionWindow, "window_end">): number | undefined {
    const raises = this.#raises.get(window) ?? [];
    const first = raises.findIndex(({ closedEnd }) => closedEnd >= window.window_end);
    if (first === -1) return undefined;
    raises.splice(0, first);
    return raises[0]!.appendMs;
  }
}
