/** Shows the figures once a second, until it is stopped. */
import { pause } from "../../shared/pause.ts";
import { hasCode, messageOf } from "../../shared/errors.ts";
import { atMostEvery } from "../../shared/service/logger.ts";
import { countReadings, FigureReader, type Figures } from "./figures.ts";
import type { DevSystem } from "./system.ts";
import type { View } from "./view.ts";

const EVERY_MS = 1_000;

export interface LiveFiguresOptions {
  readonly view: View;
  /** How many samples of recordings there are to replay, where that has an end. */
  readonly samples: number | undefined;
  /** ms, for durations. */
  readonly elapsedMs: () => number;
  /** Told each time, the counters of every worker being fresh. */
  readonly sampled: (figures: Figures) => void;
}

export class LiveFigures {
  /** What is going on, shown with the figures. */
  phase: () => string = () => "";
  readonly #system: DevSystem;
  readonly #view: View;
  readonly #samples: number | undefined;
  readonly #elapsedMs: () => number;
  readonly #sampled: (figures: Figures) => void;
  readonly #stop = new AbortController();

  constructor(system: DevSystem, { view, samples, elapsedMs, sampled }: LiveFiguresOptions) {
    this.#system = system;
    this.#view = view;
    this.#samples = samples;
    this.#elapsedMs = elapsedMs;
    this.#sampled = sampled;
  }

  /** Resolves once stopped. */
  async run(): Promise<void> {
    const { log, bridge, predictions, training, disaggregation, simulator, before } = this.#system;
    const elapsedMs = this.#elapsedMs;
    const readingsBefore = countReadings(before);
    const sources = {
      ...{ log, bridge, predictions, training, disaggregation },
      ...{ readingsBefore, elapsedMs },
    };
    const figures = new FigureReader(sources);
    let problem = "";
    const complain = atMostEvery(
      () => this.#view.line(`dev: the log does not answer: ${problem}`),
      elapsedMs,
    );
    const look = async () => {
      try {
        // The simulator's counters are not shown, but counted in the end.
        const [now] = await Promise.all([figures.read(), simulator?.look()]);
        this.#sampled(now);
        return now;
      } catch (error) {
        if (!hasCode(error, "unavailable")) throw error;
        problem = messageOf(error);
        complain();
        return undefined;
      }
    };
    while (!this.#stop.signal.aborted) {
      const startMs = elapsedMs();
      const now = await look();
      if (now !== undefined) this.#view.show(this.phase(), now, this.#samples);
      await pause(EVERY_MS - (elapsedMs() - startMs), this.#stop.signal);
    }
    // How it all ended.
    await look();
  }

  stop(): void {
    this.#stop.abort();
  }
}

/** Minutes and seconds. */
export function clockText(ms: number): string {
  const seconds = Math.floor(ms / 1000);
  return `${Math.floor(seconds / 60)}:${String(seconds % 60).padStart(2, "0")}`;
}
