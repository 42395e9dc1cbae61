/** Counts publications in plain numbers: to add each to a metric costs as much as to encode it. */
import type { MessageKind } from "../../shared/mqtt/topics.ts";
import type { Metrics } from "../../shared/service/metrics.ts";
import { DEVICE_STATE_TOPIC, POWER_TOPIC } from "../../shared/topics.ts";
import type { SimulatorMetrics } from "./metrics.ts";

/** Publications of each kind. */
export interface PublicationCounts {
  readings: number;
  states: number;
}

export class Tally {
  readonly #published: PublicationCounts = { readings: 0, states: 0 };
  readonly #acknowledged: PublicationCounts = { readings: 0, states: 0 };
  #swapped = 0;

  /** @param metrics learn the counts before they are read. */
  constructor(metrics: Metrics<SimulatorMetrics>) {
    const raise = (name: keyof SimulatorMetrics, count: () => number) => {
      let told = 0;
      metrics.beforeText(() => {
        metrics.add(name, count() - told);
        told = count();
      });
    };
    raise("wattstream_simulator_readings_total", () => this.#published.readings);
    raise("wattstream_simulator_states_total", () => this.#published.states);
    raise("wattstream_simulator_readings_acknowledged_total", () => this.#acknowledged.readings);
    raise("wattstream_simulator_states_acknowledged_total", () => this.#acknowledged.states);
    raise("wattstream_simulator_swapped_total", () => this.#swapped);
  }

  /** Publications that the broker has (QoS 1) or that were sent (QoS 0). */
  get acknowledged(): Readonly<PublicationCounts> {
    return { ...this.#acknowledged };
  }

  publish(kind: MessageKind, isSwapped: boolean): void {
    count(this.#published, kind);
    if (isSwapped) this.#swapped++;
  }

  acknowledge(kind: MessageKind): void {
    count(this.#acknowledged, kind);
  }
}

function count(counts: PublicationCounts, kind: MessageKind): void {
  if (kind === POWER_TOPIC) counts.readings++;
  else if (kind === DEVICE_STATE_TOPIC) counts.states++;
}
