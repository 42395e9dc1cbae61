/** What the publisher reads, appended to a log second by second, and the energy that it comes to. */
import type { Disaggregated, HouseholdIdentity } from "../../shared/events.ts";
import type { Appender, Log, NewRecord } from "../../shared/log/log.ts";
import { pause } from "../../shared/pause.ts";
import { householdKey } from "../../shared/topics.ts";

const WATT_SECONDS_PER_KWH = 3_600_000;

interface Parts {
  readonly households: readonly HouseholdIdentity[];
  /** Names of the devices of each. The last one can often not be told. */
  readonly devices: readonly string[];
  readonly random: () => number;
}

export class AnsweredSeconds {
  readonly #appender: Appender;
  readonly #parts: Parts;
  readonly #startS = Math.floor(Date.now() / 1000) - 100_000;
  /** By household, device by device. */
  readonly #wattSeconds = new Map<string, number[]>();
  #count = 0;

  constructor(log: Log, parts: Parts) {
    this.#appender = log.appender();
    this.#parts = parts;
  }

  get lastTimestamp(): number {
    return this.#startS + this.#count - 1;
  }

  /** In kWh, device by device. */
  energyOf(household: HouseholdIdentity): number[] {
    return this.#wattSeconds.get(householdKey(household))!
      .map((each) => each / WATT_SECONDS_PER_KWH);
  }

  /** Says the names of all devices, or of those that the households have from now on. */
  async introduce(names: readonly string[] = this.#parts.devices): Promise<void> {
    const devices = names.map((name) => ({ name }));
    await this.#appender.append(this.#parts.households.map((household) => ({
      topic: "household",
      key: householdKey(household),
      partitionKey: household.client_id,
      value: JSON.stringify({ ...household, devices }),
    })));
  }

  /** Some seconds of all households. */
  async append(count: number): Promise<void> {
    for (let second = 0; second < count; second++) {
      this.#count++;
      await this.#appender.append(this.#parts.households.map((each) => this.#second(each)));
    }
  }

  /** Appends until `isOver` resolves. */
  async appendUntil(isOver: () => Promise<void>): Promise<void> {
    await this.append(1);
    let going = true;
    const over = isOver().finally(() => going = false);
    while (going) {
      await this.append(1);
      await pause(20);
    }
    await over;
  }

  async close(): Promise<void> {
    await this.#appender.close();
  }

  #second(household: HouseholdIdentity): NewRecord {
    const { devices, random } = this.#parts;
    const watts = devices.map((_, device) =>
      device === devices.length - 1 && random() < 0.2 ? null : Math.round(random() * 20_000) / 10
    );
    const sums = this.#wattSeconds.get(householdKey(household)) ?? devices.map(() => 0);
    this.#wattSeconds.set(
      householdKey(household),
      sums.map((sum, device) => sum + (watts[device] ?? 0)),
    );
    const { client_id, username } = household;
    const second: Disaggregated = {
      ...{ client_id, username, timestamp: this.lastTimestamp, consumption: 2_000, watts },
      on: watts.map((each) => each === null ? null : 0.9),
      ...{ unexplained: 12, model_version: 1 },
    };
    return { topic: "disaggregated", key: client_id, value: JSON.stringify(second) };
  }
}
