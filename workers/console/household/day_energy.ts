/**
 * What a household and its devices have used today, as far as the log was read back: sums of watts over
 * its disaggregated seconds, as the publisher counts them. A second counts once, whatever comes twice.
 * Pure.
 */

const DAY_S = 86_400;

/** Of a day so far. Watt-seconds. */
export interface EnergyFigures {
  /** The first second that was counted. */
  readonly sinceS: number;
  readonly totalWs: number;
  readonly unexplainedWs: number;
  /** In the order of `state_bitmap`. */
  readonly devicesWs: readonly number[];
}

export interface EnergySecond {
  readonly timestamp: number;
  readonly consumption: number;
  readonly unexplained: number;
  readonly watts: readonly (number | null)[];
}

export class DayEnergy {
  readonly #dayStartOf: (second: number) => number;
  #startS = -Infinity;
  readonly #counted = new Uint8Array(DAY_S);
  #sinceS = Infinity;
  #totalWs = 0;
  #unexplainedWs = 0;
  #devicesWs: number[] = [];

  /** @param dayStartOf the second at which the day of a second begins. */
  constructor(dayStartOf: (second: number) => number = startOfLocalDay) {
    this.#dayStartOf = dayStartOf;
  }

  /** Undefined before anything was counted. */
  get figures(): EnergyFigures | undefined {
    if (this.#sinceS === Infinity) return undefined;
    return {
      ...{ sinceS: this.#sinceS, totalWs: this.#totalWs, unexplainedWs: this.#unexplainedWs },
      devicesWs: this.#devicesWs,
    };
  }

  /** Takes in a second; those of an earlier day than the newest change nothing. */
  take({ timestamp, consumption, unexplained, watts }: EnergySecond): void {
    const startS = this.#dayStartOf(timestamp);
    if (startS < this.#startS) return;
    if (startS > this.#startS) this.#begin(startS);
    // A day in which clocks are put back is an hour longer.
    const place = Math.min(DAY_S - 1, timestamp - startS);
    if (this.#counted[place] === 1) return;
    this.#counted[place] = 1;
    this.#sinceS = Math.min(this.#sinceS, timestamp);
    this.#totalWs += consumption;
    this.#unexplainedWs += unexplained;
    for (const [device, each] of watts.entries()) {
      this.#devicesWs[device] = (this.#devicesWs[device] ?? 0) + (each ?? 0);
    }
  }

  #begin(startS: number): void {
    this.#startS = startS;
    this.#counted.fill(0);
    this.#sinceS = Infinity;
    this.#totalWs = 0;
    this.#unexplainedWs = 0;
    this.#devicesWs = [];
  }
}

function startOfLocalDay(second: number): number {
  return new Date(second * 1000).setHours(0, 0, 0, 0) / 1000;
}
