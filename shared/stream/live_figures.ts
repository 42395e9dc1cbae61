/** What is told of a task's live households as a whole, for those who look at it now and then. */
import type { HouseholdEvent } from "./household.ts";
import type { LiveHousehold, LiveHouseholds } from "./live_households.ts";
import type { HotHousehold } from "./task_observer.ts";

/** A household that has just come alive counts as this old: its first records say little. */
const AGE_MS_MIN = 10_000;

export class LiveFigures<E extends HouseholdEvent> {
  readonly #live: Pick<LiveHouseholds<E>, "values">;
  readonly #nowMs: number;

  /** @param nowMs stream time. */
  constructor(live: Pick<LiveHouseholds<E>, "values">, nowMs: number) {
    this.#live = live;
    this.#nowMs = nowMs;
  }

  /** How far it is from the household that is closed least far to the one that is furthest, s. */
  watermarkSpreadS(): number {
    let [least, most] = [Infinity, -Infinity];
    for (const { household: { closedS } } of this.#live.values()) {
      // Of one that is new nothing is closed yet.
      if (closedS === -Infinity) continue;
      if (closedS < least) least = closedS;
      if (closedS > most) most = closedS;
    }
    return most > least ? most - least : 0;
  }

  /**
   * The households from which most has come a second since they are alive, at most `count`, the
   * hottest first.
   */
  hottest(count: number): HotHousehold[] {
    const hot: HotHousehold[] = [];
    for (const live of this.#live.values()) {
      const recordsPerS = this.#recordsPerS(live);
      if (hot.length === count && recordsPerS <= hot[count - 1]!.recordsPerS) continue;
      let index = hot.length;
      while (index > 0 && hot[index - 1]!.recordsPerS < recordsPerS) index--;
      const { username, client_id } = live.name;
      hot.splice(index, 0, { username, client_id, recordsPerS });
      if (hot.length > count) hot.pop();
    }
    return hot;
  }

  #recordsPerS({ firstSeenMs, recordCount }: LiveHousehold<E>): number {
    return 1000 * recordCount / Math.max(this.#nowMs - firstSeenMs, AGE_MS_MIN);
  }
}
