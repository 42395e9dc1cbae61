/**
 * From the messages of the local broker to the events of households: which source listens to a topic,
 * what it reads, and what becomes of it. Pure but for the expressions, which are evaluated one message
 * after the other. Each message is counted once for each source that listens to it.
 */
import { Device } from "./device.ts";
import {
  amountOf,
  booleanOf,
  ONLINE_WORDS,
  payloadValue,
  SWITCH_WORDS,
} from "./households/expression.ts";
import { isSparkplug, SparkplugReader } from "./households/sparkplug.ts";
import type { HouseholdSpec } from "./households/file.ts";
import type { Rule, Source } from "./households/rules.ts";
import { GatewayHousehold, type HouseholdEvent } from "./household.ts";
import type { Outcome } from "./metrics.ts";
import { PowerMeter } from "./power_meter.ts";
import { type ReadingTime, readingTime } from "./reading_time.ts";

/** Longer payloads are of no device. */
const PAYLOAD_BYTES_MAX = 64 * 1024;

export interface LocalMessage {
  readonly topic: string;
  readonly payload: Uint8Array;
  readonly arrivedMs: number;
  readonly retained: boolean;
  /** The broker kept it while we were away. */
  readonly isKept: boolean;
}

/** What a source has had so far. */
export interface SourceFigures {
  readonly household: string;
  /** `power`, or the name of a device. */
  readonly source: string;
  readonly topics: readonly string[];
  readonly outcomes: Map<Outcome, number>;
  lastValue: number | boolean | undefined;
  /** How far the device's clock is ahead by a zone, s; undefined: not known, or not steady. */
  offsetS: number | undefined;
  clockWrongCount: number;
}

interface Listener {
  readonly rule: Rule;
  readonly figures: SourceFigures;
  take(values: Values, message: LocalMessage): Outcome;
}

interface Values {
  readonly watts: number | undefined;
  readonly on: boolean | undefined;
  readonly online: boolean | undefined;
  readonly time: unknown;
}

export interface GatewayOptions {
  /** What is known of clocks from earlier: by household and source, s. */
  readonly offsets: Readonly<Record<string, number>>;
  /** By household, the second of the last reading that an earlier process has taken. */
  readonly lastSeconds: Readonly<Record<string, number>>;
  readonly onOutcome: (outcome: Outcome) => void;
  /** Hears of a source whose clock is not what it was. */
  readonly onOffset: (name: string, offsetS: number | undefined) => void;
}

export class Gateway {
  readonly figures: SourceFigures[] = [];
  readonly #options: GatewayOptions;
  readonly #households: { readonly user: string; readonly household: GatewayHousehold }[] = [];
  readonly #listeners = new Map<string, Listener[]>();
  readonly #sparkplug = new SparkplugReader();

  constructor(specs: readonly HouseholdSpec[], options: GatewayOptions) {
    this.#options = options;
    for (const spec of specs) this.#add(spec);
  }

  /** Every topic that something listens to. */
  get topics(): string[] {
    return [...this.#listeners.keys()];
  }

  /** Takes a message; resolves once it is counted and its events are due. Never throws. */
  async take(message: LocalMessage): Promise<void> {
    const listeners = this.#listeners.get(message.topic) ?? [];
    const value = message.payload.length > PAYLOAD_BYTES_MAX
      ? undefined
      : isSparkplug(message.topic)
      ? this.#sparkplug.read(message.topic, message.payload)
      : payloadValue(message.payload);
    for (const listener of listeners) {
      const outcome = await this.#outcomeOf(listener, value, message);
      const { outcomes } = listener.figures;
      outcomes.set(outcome, (outcomes.get(outcome) ?? 0) + 1);
      this.#options.onOutcome(outcome);
    }
  }

  /** The events that are due, with their users. @param all the labels that wait are given up. */
  due(nowMs: number, all: boolean = false): { user: string; event: HouseholdEvent }[] {
    return this.#households.flatMap(({ user, household }) =>
      (all ? household.drain(nowMs) : household.due(nowMs)).map((event) => ({ user, event }))
    );
  }

  /** By household, the second of its last reading. */
  lastSeconds(): Record<string, number> {
    const seconds = this.#households.filter(({ household }) => household.lastS !== -Infinity)
      .map(({ user, household }) =>
        [`${user}/${household.settings.client_id}`, household.lastS] as const
      );
    return Object.fromEntries(seconds);
  }

  async #outcomeOf(
    listener: Listener,
    value: unknown,
    message: LocalMessage,
  ): Promise<Outcome> {
    const values = value === undefined ? undefined : await valuesIn(value, listener.rule);
    if (values === undefined) return "no_value";
    // A last will that says "offline" counts also where it is stored.
    if (message.retained && values.online !== false) return "retained";
    return listener.take(values, message);
  }

  #add({ entry, power, devices }: HouseholdSpec): void {
    const known = devices.map(({ entry: device, source }) =>
      new Device({
        name: device.name,
        maxAgeMs: device["max-age"],
        thresholdW: device.threshold,
        by: device.by ?? (source.hasWatts ? "watts" : "switch"),
        saysChanges: device["says-changes"] ?? source.saysChanges,
      })
    );
    const name = `${entry.user}/${entry.client_id}`;
    const household = new GatewayHousehold({
      client_id: entry.client_id,
      username: entry.user,
      labelDelayMs: entry["label-delay"],
      devices: known,
    }, this.#options.lastSeconds[name]);
    this.#households.push({ user: entry.user, household });
    this.#listenPower(power, household, this.#figuresOf(name, "power", power));
    for (const [index, { source }] of devices.entries()) {
      const device = known[index]!;
      const figures = this.#figuresOf(name, device.settings.name, source);
      for (const rule of source.rules) {
        const take = (values: Values, { arrivedMs, isKept }: LocalMessage): Outcome => {
          if (isKept) return "stale";
          const time = this.#timeOf(source, figures, { said: values.time, arrivedMs, isKept });
          if (time.secondS === undefined) return "stale";
          if (!device.take(values, arrivedMs)) return "no_value";
          figures.lastValue = values.watts ?? values.on ?? values.online;
          return "word";
        };
        this.#listen({ rule, figures, take });
      }
    }
  }

  #listenPower(source: Source, household: GatewayHousehold, figures: SourceFigures): void {
    const meter = new PowerMeter(source);
    for (const rule of source.rules) {
      const take = ({ watts, time: said }: Values, message: LocalMessage): Outcome => {
        if (watts === undefined) return "no_value";
        const { arrivedMs, isKept } = message;
        const time = this.#timeOf(source, figures, { said, arrivedMs, isKept });
        if (time.secondS === undefined) {
          // What comes after it may be of the same round.
          if (isKept) meter.pass(rule.part, arrivedMs);
          return "stale";
        }
        const { secondS } = time;
        const total = meter.take(rule.part, watts, { secondS, arrivedMs });
        if (total === undefined) return "part";
        figures.lastValue = total;
        return household.takePower(total, { secondS, arrivedMs, isLabelled: !isKept });
      };
      this.#listen({ rule, figures, take });
    }
  }

  #timeOf(
    { clock }: Source,
    figures: SourceFigures,
    message: { readonly said: unknown; readonly arrivedMs: number; readonly isKept: boolean },
  ): ReadingTime {
    const time = readingTime({ clock, offsetS: figures.offsetS, ...message });
    if (time.secondS === undefined || message.isKept || clock !== "device") return time;
    if (time.isClockWrong) figures.clockWrongCount++;
    if (time.isClockWrong || time.offsetS !== undefined) this.#setOffset(figures, time.offsetS);
    return time;
  }

  /** A clock that jumps to and fro says nothing of what the broker kept. */
  #setOffset(figures: SourceFigures, offsetS: number | undefined): void {
    if (figures.offsetS === offsetS) return;
    figures.offsetS = offsetS;
    this.#options.onOffset(`${figures.household} ${figures.source}`, offsetS);
  }

  #figuresOf(household: string, source: string, { rules }: Source): SourceFigures {
    const figures: SourceFigures = {
      household,
      source,
      topics: rules.map(({ topic }) => topic),
      outcomes: new Map(),
      lastValue: undefined,
      offsetS: this.#options.offsets[`${household} ${source}`],
      clockWrongCount: 0,
    };
    this.figures.push(figures);
    return figures;
  }

  #listen(listener: Listener): void {
    const { topic } = listener.rule;
    const listeners = this.#listeners.get(topic);
    if (listeners === undefined) this.#listeners.set(topic, [listener]);
    else listeners.push(listener);
  }
}

/** What a rule reads from a payload. */
async function valuesIn(payload: unknown, rule: Rule): Promise<Values | undefined> {
  try {
    const watts = amountOf(await rule.watts?.evaluate(payload));
    return {
      watts: watts === undefined ? undefined : watts * rule.factor,
      on: booleanOf(await rule.on?.evaluate(payload), SWITCH_WORDS),
      online: booleanOf(await rule.online?.evaluate(payload), ONLINE_WORDS),
      time: await rule.time?.evaluate(payload),
    };
  } catch {
    // The expression does not fit this message; with --check one sees that none fits.
    return undefined;
  }
}
