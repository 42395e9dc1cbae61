/**
 * The model of one household: which devices are on, the power that they draw, what it publishes in
 * each cycle. A pure function of its seed and the seconds it is given; no clock, no I/O.
 *
 *   cycle          1      2      3      4      5
 *   published   R1 S1  R2 S2  R3     R4 R3' …      R3 swapped: after R4 instead of before it
 *   states      ──── labelled spell ────┤ unlabelled …
 */
import { invariant } from "../../shared/errors.ts";
import { DEVICE_STATE_TOPIC, POWER_TOPIC } from "../../shared/topics.ts";
import type { Publication } from "./publication.ts";
import { Random } from "./random.ts";
import { Spells } from "./spells.ts";

const DEVICE_COUNT_MIN = 3;
const DEVICE_COUNT_MAX = 12;
/** Devices from a charger to an instantaneous water heater; small ones are more frequent. */
const DEVICE_W_MIN = 5;
const DEVICE_W_MAX = 3500;

/** States that an event may have. */
const DEVICE_STATES_MAX = 256;

/** Cycles between two redraws of the device states, 15 on average. */
const REDRAW_CYCLES_MIN = 10;
const REDRAW_CYCLES_MAX = 20;

const CYCLE_DELAY_MS_MIN = 1000;
const CYCLE_DELAY_MS_MAX = 3000;
const MESSAGE_DELAY_MS_MIN = 1;
const MESSAGE_DELAY_MS_MAX = 100;

export interface HouseholdOptions {
  readonly username: string;
  readonly client_id: string;
  /** Of the run: each household has streams of its own, derived from it and its name. */
  readonly seed: number;
  /** Standard deviation of the noise on the power, W. */
  readonly noiseW: number;
  /** Share of cycles of which one publication is swapped with its neighbour. */
  readonly swapProbability: number;
  /** Share of redraws before which it buys another device. Default: 0. */
  readonly newDeviceProbability?: number;
}

export class Household {
  readonly #options: HouseholdOptions;
  readonly #random: Random;
  /** Apart from the model's, so that what is published is the same however it is paced. */
  readonly #delays: Random;
  readonly #spells: Spells;
  /** Apart as well, so that a household without new devices is the same as one that never buys any. */
  readonly #purchases: Random;
  readonly #devicesW: number[];
  #stateBitmap: boolean[] = [];
  #consumption = 0;
  #cyclesToRedraw = 0;
  #lastTimestampS = -1;
  #heldBack: Publication | undefined;

  constructor(options: HouseholdOptions) {
    const random = new Random(options.seed, options.client_id);
    this.#options = options;
    this.#random = random;
    this.#delays = new Random(options.seed, `${options.client_id}/delays`);
    this.#purchases = new Random(options.seed, `${options.client_id}/purchases`);
    this.#spells = new Spells(random);
    const deviceCount = random.integer(DEVICE_COUNT_MIN, DEVICE_COUNT_MAX);
    this.#devicesW = Array.from({ length: deviceCount }, () => drawDeviceW(random));
  }

  /** The wattage of each device, in the order of the state bitmap. */
  get devicesW(): readonly number[] {
    return this.#devicesW;
  }

  /** What was drawn for the newest cycle, whether it is published or not. */
  get drawn(): { readonly stateBitmap: readonly boolean[]; readonly consumption: number } {
    return { stateBitmap: this.#stateBitmap, consumption: this.#consumption };
  }

  /** Milliseconds before the first cycle, so that households do not run in step. */
  startDelayMs(): number {
    return this.#delays.between(0, CYCLE_DELAY_MS_MAX);
  }

  /** Milliseconds from one cycle to the next. */
  cycleDelayMs(): number {
    return this.#delays.between(CYCLE_DELAY_MS_MIN, CYCLE_DELAY_MS_MAX);
  }

  /** Milliseconds before a message. */
  messageDelayMs(): number {
    return this.#delays.between(MESSAGE_DELAY_MS_MIN, MESSAGE_DELAY_MS_MAX);
  }

  /**
   * Goes on by one cycle at this second, and returns what is published now, in order.
   * @throws WattstreamError `invariant` when the second is not after that of the cycle before.
   */
  cycle(timestampS: number): Publication[] {
    invariant(
      Number.isInteger(timestampS) && timestampS > this.#lastTimestampS,
      `cycle at ${timestampS} after ${this.#lastTimestampS}: two readings would share a second`,
    );
    this.#lastTimestampS = timestampS;
    this.#redrawWhenDue();
    const own = this.#publications(timestampS);
    const isSwapped = this.#random.chance(this.#options.swapProbability);
    const index = Math.min(this.#random.integer(0, 1), own.length - 1);
    const released = this.#heldBack;
    this.#heldBack = undefined;
    if (released !== undefined) return insertAfterItsKind(own, released);
    if (isSwapped) this.#heldBack = { ...own.splice(index, 1)[0]!, isSwapped: true };
    return own;
  }

  /** At the end: what a swap still holds back. */
  release(): Publication[] {
    const released = this.#heldBack;
    this.#heldBack = undefined;
    return released === undefined ? [] : [released];
  }

  #redrawWhenDue(): void {
    if (this.#cyclesToRedraw === 0) {
      this.#buyDevice();
      this.#stateBitmap = this.#devicesW.map(() => this.#random.chance(0.5));
      this.#cyclesToRedraw = this.#random.integer(REDRAW_CYCLES_MIN, REDRAW_CYCLES_MAX);
    }
    this.#cyclesToRedraw--;
  }

  #buyDevice(): void {
    const { newDeviceProbability = 0 } = this.#options;
    if (this.#devicesW.length >= DEVICE_STATES_MAX) return;
    if (!this.#purchases.chance(newDeviceProbability)) return;
    this.#devicesW.push(drawDeviceW(this.#purchases));
  }

  #publications(timestamp: number): Publication[] {
    const { username, client_id, noiseW } = this.#options;
    let powerW = noiseW * this.#random.normal();
    for (const [index, deviceW] of this.#devicesW.entries()) {
      if (this.#stateBitmap[index]) powerW += deviceW;
    }
    // In tenths of a watt, as meters give it.
    const consumption = Math.round(powerW * 10) / 10;
    this.#consumption = consumption;
    const own: Publication[] = [{
      kind: POWER_TOPIC,
      event: { client_id, username, timestamp, consumption },
      isSwapped: false,
    }];
    if (this.#spells.next()) {
      own.push({
        kind: DEVICE_STATE_TOPIC,
        event: { client_id, username, timestamp, state_bitmap: this.#stateBitmap },
        isSwapped: false,
      });
    }
    return own;
  }
}

function drawDeviceW(random: Random): number {
  return Math.round(Math.exp(random.between(Math.log(DEVICE_W_MIN), Math.log(DEVICE_W_MAX))));
}

function insertAfterItsKind(own: Publication[], released: Publication): Publication[] {
  const index = own.findIndex((publication) => publication.kind === released.kind);
  own.splice(index === -1 ? own.length : index + 1, 0, released);
  return own;
}
