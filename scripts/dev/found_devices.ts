/** How well devices were found: what was told of them, beside what their households declared. */
import { type DeviceState, deviceStateSchema, type Disaggregated } from "../../shared/events.ts";
import type { Log } from "../../shared/log/log.ts";
import { ByHousehold } from "../../shared/oracle/households.ts";
import { readInTime } from "../../shared/oracle/in_time.ts";
import { DEVICE_STATE_TOPIC } from "../../shared/topics.ts";

type Bitmap = readonly boolean[];

/** The first state that each household declared of each second, in some partitions. */
export class DeclaredStates {
  readonly #seconds = new ByHousehold<Map<number, Bitmap>>();
  /** Most seconds have the same few. */
  readonly #bitmaps = new Map<string, Bitmap>();

  static async read(
    log: Pick<Log, "read">,
    partitions: readonly number[],
  ): Promise<DeclaredStates> {
    const declared = new DeclaredStates();
    for await (const { value } of readInTime(log, [DEVICE_STATE_TOPIC], partitions)) {
      const parsed = value === null ? undefined : deviceStateSchema.safeParse(jsonOf(value));
      if (parsed?.success === true) declared.#add(parsed.data);
    }
    return declared;
  }

  of(states: Disaggregated): Bitmap | undefined {
    return this.#seconds.get(states)?.get(states.timestamp);
  }

  #add(state: DeviceState): void {
    const seconds = this.#seconds.getOrMake(state, () => new Map());
    if (seconds.has(state.timestamp)) return;
    const text = state.state_bitmap.join();
    const bitmap = this.#bitmaps.get(text) ?? state.state_bitmap;
    this.#bitmaps.set(text, bitmap);
    seconds.set(state.timestamp, bitmap);
  }
}

/** Counts how many devices were told, and of those how many were found. */
export class FoundDevices {
  #judged = 0;
  #told = 0;
  #both = 0;
  #either = 0;

  add(states: Disaggregated, declaredStates: DeclaredStates): void {
    const declared = declaredStates.of(states);
    if (declared?.length !== states.on.length) return;
    states.on.forEach((probability, device) => {
      this.#judged++;
      if (probability === null) return;
      this.#told++;
      const [isOn, isFound] = [declared[device]!, probability >= 0.5];
      if (isOn && isFound) this.#both++;
      this.#either += Number(isOn) + Number(isFound);
    });
  }

  figures(): { readonly toldPct: number | null; readonly microF1: number | null } {
    return {
      toldPct: this.#judged === 0 ? null : 100 * this.#told / this.#judged,
      microF1: this.#either === 0 ? null : 2 * this.#both / this.#either,
    };
  }
}

function jsonOf(bytes: Uint8Array): unknown {
  try {
    return JSON.parse(new TextDecoder().decode(bytes));
  } catch (error) {
    if (error instanceof SyntaxError) return undefined;
    throw error;
  }
}
