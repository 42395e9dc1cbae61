/**
 * One household: its power and its devices' words in, its events out. Pure.
 *
 *   power ─▶ one reading a second ─────────────────────────▶ power
 *                └▶ the same second, once every device has spoken again ─▶ device-state, or none
 *
 * A label waits for at most `labelDelayMs`. Within what the training worker allows, readings go out at
 * once; a longer delay holds them back as well, so that they come together.
 */
import type { HouseholdIdentity } from "../../shared/events.ts";
import { DEVICE_STATE_TOPIC, POWER_TOPIC } from "../../shared/topics.ts";
import type { Device } from "./device.ts";
import { AHEAD_S_MAX } from "./reading_time.ts";

/** Within the lateness of the training worker, 5 s by default. */
export const PROMPT_LABEL_MS = 4000;
/** The power that a meter publishes is of the last moments. */
const METER_MS = 2000;

export interface HouseholdEvent {
  readonly kind: typeof POWER_TOPIC | typeof DEVICE_STATE_TOPIC;
  readonly event: object;
}

export interface HouseholdSettings extends HouseholdIdentity {
  readonly labelDelayMs: number;
  readonly devices: readonly Device[];
}

interface PendingSecond {
  readonly secondS: number;
  readonly watts: number;
  readonly arrivedMs: number;
}

export type Taken = "reading" | "same_second" | "out_of_order";

export class GatewayHousehold {
  readonly settings: HouseholdSettings;
  #lastS: number;
  /** Seconds whose label is not decided, ascending. */
  readonly #pending: PendingSecond[] = [];
  #due: HouseholdEvent[] = [];

  /** @param lastS second of the last reading that an earlier process has taken. */
  constructor(settings: HouseholdSettings, lastS: number = -Infinity) {
    this.settings = settings;
    this.#lastS = lastS;
  }

  /** Second of its last reading; -Infinity where there is none. */
  get lastS(): number {
    return this.#lastS;
  }

  /** Whether readings wait for their labels. */
  get #holds(): boolean {
    return this.settings.labelDelayMs > PROMPT_LABEL_MS && this.settings.devices.length > 0;
  }

  /**
   * Takes a reading; the first of a second counts.
   * @param isLabelled whether the devices' words are of the same time.
   */
  takePower(
    watts: number,
    { secondS, arrivedMs, isLabelled }: {
      readonly secondS: number;
      readonly arrivedMs: number;
      readonly isLabelled: boolean;
    },
  ): Taken {
    // It was taken by a clock of ours that was ahead, and has been set right.
    if (this.#lastS > arrivedMs / 1000 + AHEAD_S_MAX) this.#lastS = -Infinity;
    if (secondS === this.#lastS) return "same_second";
    if (secondS < this.#lastS) return "out_of_order";
    this.#lastS = secondS;
    const second = { secondS, watts, arrivedMs };
    if (!this.#holds || !isLabelled) {
      if (this.#holds) this.#giveUpLabels();
      this.#due.push(this.#reading(second));
    }
    if (isLabelled && this.settings.devices.length > 0) this.#pending.push(second);
    return "reading";
  }

  /** The events that are due, in order. */
  due(nowMs: number): HouseholdEvent[] {
    const { labelDelayMs } = this.settings;
    for (let first = this.#pending[0]; first !== undefined; first = this.#pending[0]) {
      const label = this.#label(first, nowMs);
      // It came in the future where our clock has been set back.
      if (label === "later" && Math.abs(nowMs - first.arrivedMs) < labelDelayMs) break;
      this.#pending.shift();
      if (this.#holds) this.#due.push(this.#reading(first));
      if (Array.isArray(label)) this.#due.push(this.#state(first, label));
    }
    const neededMs = (this.#pending[0]?.arrivedMs ?? nowMs) - METER_MS;
    for (const device of this.settings.devices) device.forgetBefore(neededMs);
    const due = this.#due;
    this.#due = [];
    return due;
  }

  /** All that is left, at the end. */
  drain(nowMs: number): HouseholdEvent[] {
    const due = this.due(nowMs);
    this.#giveUpLabels();
    return [...due, ...this.due(nowMs)];
  }

  #giveUpLabels(): void {
    for (const second of this.#pending.splice(0)) {
      if (this.#holds) this.#due.push(this.#reading(second));
    }
  }

  #label({ arrivedMs }: PendingSecond, nowMs: number): boolean[] | "unknown" | "later" {
    const label: boolean[] = [];
    let isLater = false;
    for (const device of this.settings.devices) {
      const state = device.stateOver(arrivedMs - METER_MS, arrivedMs, nowMs);
      if (state === "unknown") return "unknown";
      if (state === "later") isLater = true;
      else label.push(state);
    }
    return isLater ? "later" : label;
  }

  #reading({ secondS, watts }: PendingSecond): HouseholdEvent {
    return this.#event(POWER_TOPIC, secondS, { consumption: watts });
  }

  #state({ secondS }: PendingSecond, label: boolean[]): HouseholdEvent {
    return this.#event(DEVICE_STATE_TOPIC, secondS, { state_bitmap: label });
  }

  #event(kind: HouseholdEvent["kind"], timestamp: number, content: object): HouseholdEvent {
    const { client_id, username } = this.settings;
    return { kind, event: { client_id, username, timestamp, ...content } };
  }
}
