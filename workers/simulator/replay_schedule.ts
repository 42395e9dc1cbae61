/**
 * When a recorded sample is published, and with which event time. A pure function, no clock.
 *
 *   seconds of the file   0          τ                 T
 *   published at          start      start + τ/N       start + T/N
 *   event time            E          E + τ             E + T        with E = start + T/N - T
 *
 * So the last sample lands at the moment that it is published, distances of event time are those of
 * the file, and no sample is ever ahead of the wall clock. At N = 1 the first sample is now.
 */
import { invariant } from "../../shared/errors.ts";

export interface ReplayScheduleOptions {
  /** First and last second of the stretch, in seconds of the file. */
  readonly firstS: number;
  readonly lastS: number;
  /** Seconds of the file in a second, at least 1. */
  readonly speed: number;
  /** Wall clock at the start, ms. */
  readonly startMs: number;
}

export class ReplaySchedule {
  readonly #options: ReplayScheduleOptions;
  /** Whole seconds from the file's time to event time. */
  readonly #shiftS: number;

  constructor(options: ReplayScheduleOptions) {
    const { firstS, lastS, speed, startMs } = options;
    invariant(speed >= 1 && lastS >= firstS, `no schedule at speed ${speed}, ${firstS}..${lastS}`);
    this.#options = options;
    const endS = startMs / 1000 + (lastS - firstS) / speed;
    this.#shiftS = Math.floor(endS - lastS);
  }

  /** Wall clock at which this second of the file is published, ms. */
  dueMs(fileS: number): number {
    const { firstS, speed, startMs } = this.#options;
    return startMs + (fileS - firstS) / speed * 1000;
  }

  /** Event time of this second of the file. */
  timestampS(fileS: number): number {
    return fileS + this.#shiftS;
  }
}
