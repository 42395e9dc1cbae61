/**
 * What is known of one device: its last words, and whether they say beyond doubt that it was on or off
 * over a stretch of time. No label is made up: what a device did between two words that differ, or after
 * one that is too old, is not known. Pure.
 *
 *   words      off ........ off   on ...... on ....
 *   known      off          │ ?  │ on       │ waits for the next word
 */

export interface DeviceSettings {
  readonly name: string;
  /** Longest time between two words over which it is known. */
  readonly maxAgeMs: number;
  /** Power from which on it is on, W. */
  readonly thresholdW: number;
  /** Whether the power decides, or the switch. */
  readonly by: "watts" | "switch";
  /** It publishes at every change, so that silence says that nothing has changed. */
  readonly saysChanges: boolean;
}

/** What a message says of a device. */
export interface DeviceWord {
  readonly watts?: number | undefined;
  readonly on?: boolean | undefined;
  readonly online?: boolean | undefined;
}

/** Known, not known, or not yet. */
export type KnownState = boolean | "unknown" | "later";

/** A message of a change takes no longer. */
const CHANGE_MS_MAX = 2000;

interface Word {
  readonly atMs: number;
  /** Undefined: from here on nothing is known. */
  readonly isOn: boolean | undefined;
}

export class Device {
  readonly settings: DeviceSettings;
  /** Ascending. */
  readonly #words: Word[] = [];

  constructor(settings: DeviceSettings) {
    this.settings = settings;
  }

  /** Takes a word; false where it says nothing. */
  take(word: DeviceWord, atMs: number): boolean {
    if (word.online === false) {
      this.#push({ atMs, isOn: undefined });
      return true;
    }
    const isOn = this.#isOn(word);
    if (isOn === undefined) return word.online === true;
    this.#push({ atMs, isOn });
    return true;
  }

  /** What it was from `fromMs` to `toMs` as far as can be told at `nowMs`. */
  stateOver(fromMs: number, toMs: number, nowMs: number): KnownState {
    let first = -1;
    while (this.#words[first + 1] !== undefined && this.#words[first + 1]!.atMs <= fromMs) first++;
    const isOn = this.#words[first]?.isOn;
    if (isOn === undefined) return "unknown";
    const { maxAgeMs, saysChanges } = this.settings;
    for (let index = first; index < this.#words.length; index++) {
      const { atMs, isOn: saysOn } = this.#words[index]!;
      if (saysOn !== isOn) return "unknown";
      if (atMs >= toMs) return isOn;
      const next = this.#words[index + 1];
      if ((next?.atMs ?? toMs) - atMs > maxAgeMs) return "unknown";
    }
    return saysChanges && nowMs >= toMs + CHANGE_MS_MAX ? isOn : "later";
  }

  /** Forgets what no stretch that begins at `fromMs` or later needs. */
  forgetBefore(fromMs: number): void {
    while (this.#words.length > 1 && this.#words[1]!.atMs <= fromMs) this.#words.shift();
  }

  #isOn({ watts, on }: DeviceWord): boolean | undefined {
    const { by, thresholdW } = this.settings;
    if (by === "switch") return on;
    if (watts !== undefined) return watts >= thresholdW;
    // A switch that is off lets nothing through; one that is on says nothing.
    return on === false ? false : undefined;
  }

  #push(word: Word): void {
    const last = this.#words.at(-1);
    // Our clock has been set back: when the words before this one came, nobody knows.
    if (last !== undefined && word.atMs < last.atMs) this.#words.length = 0;
    this.#words.push(word);
  }
}
