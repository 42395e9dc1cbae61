/**
 * What the console knows of a household that somebody watches: its last minutes, bounded, from records
 * of the log in whatever order they come. Taking one in twice changes nothing. Pure.
 */
import type {
  DeviceState,
  Disaggregated,
  Household,
  Model,
  PredictionWindow,
  Reading,
  TrainingDataset,
} from "../../../shared/events.ts";
import { DayEnergy, type EnergyFigures } from "./day_energy.ts";

/** Seconds that are kept: those of the longest session, and some. */
export const KEPT_S = 660;
/** Lessons of which the score is kept, the newest. */
const LESSONS_MAX = 100;
/** Datasets that are kept, the newest. */
const DATASETS_MAX = 50;

/** One second of a household, as far as it is known. */
export interface HouseholdSecond {
  readonly second: number;
  readonly consumption?: number;
  /** Declared, in the order of `state_bitmap`. */
  readonly declared?: readonly boolean[];
  /** Found: probability and watts of each device, null where it cannot be told. */
  readonly on?: readonly (number | null)[];
  readonly watts?: readonly (number | null)[];
  /** Power that no device explains, W. */
  readonly unexplained?: number;
}

/** What became of the model by one dataset. */
export interface LessonFigures {
  readonly version: number;
  readonly trainedUntilS: number;
  readonly knownCount: number;
  /** How right the labels were predicted before they were learned. */
  readonly microF1?: number;
}

export interface DatasetFigures {
  readonly startS: number;
  readonly endS: number;
  readonly seconds: number;
}

/** What a page is told of the model: not how it comes to its answers. */
export type ModelFigures = Pick<
  Model,
  "version" | "trained_until" | "labelled_seconds" | "devices" | "score"
>;

/** What has changed; a part that has not is left out. */
export interface HouseholdUpdate {
  readonly seconds?: readonly HouseholdSecond[];
  readonly window?: PredictionWindow;
  readonly datasets?: readonly DatasetFigures[];
  readonly model?: ModelFigures;
  readonly devices?: Household["devices"];
  /** Ascending. */
  readonly lessons?: readonly LessonFigures[];
  readonly energy?: EnergyFigures;
}

type Part = "window" | "datasets" | "model" | "devices";
const ALL_PARTS = { window: true, datasets: true, model: true, devices: true };
const NO_PARTS = { window: false, datasets: false, model: false, devices: false };

export class HouseholdState {
  readonly #seconds = new Map<number, HouseholdSecond>();
  readonly #datasets = new Map<number, DatasetFigures>();
  readonly #changed = new Set<number>();
  #newestS = -Infinity;
  #window: PredictionWindow | undefined;
  #model: ModelFigures | undefined;
  #devices: { readonly offset: number; readonly devices: Household["devices"] } | undefined;
  readonly #lessons = new Map<number, LessonFigures>();
  readonly #energy = new DayEnergy();
  #hasNew: Record<Part, boolean> = { ...NO_PARTS };

  takeReading({ timestamp, consumption }: Reading): void {
    this.#take(timestamp, { consumption });
  }

  takeState({ timestamp, state_bitmap }: DeviceState): void {
    this.#take(timestamp, { declared: state_bitmap });
  }

  takeDisaggregated(states: Disaggregated): void {
    const { timestamp, on, watts, unexplained } = states;
    this.#energy.take(states);
    this.#take(timestamp, { on, watts, unexplained });
  }

  takeWindow(window: PredictionWindow): void {
    if (window.window_start <= (this.#window?.window_start ?? -1)) return;
    this.#window = window;
    this.#hasNew.window = true;
  }

  takeDataset({ session_start, session_end, timestamps }: TrainingDataset): void {
    if (this.#datasets.has(session_start)) return;
    const figures = { startS: session_start, endS: session_end, seconds: timestamps.length };
    this.#datasets.set(session_start, figures);
    if (this.#datasets.size > DATASETS_MAX) {
      this.#datasets.delete(Math.min(...this.#datasets.keys()));
    }
    this.#hasNew.datasets = true;
  }

  takeModel({ version, trained_until, labelled_seconds, devices, score }: Model): void {
    this.#lessons.set(version, {
      ...{ version, trainedUntilS: trained_until },
      knownCount: devices.filter(({ status }) => status === "known").length,
      ...(score !== undefined && { microF1: score.micro_f1 }),
    });
    if (this.#lessons.size > LESSONS_MAX) this.#lessons.delete(Math.min(...this.#lessons.keys()));
    if (version < (this.#model?.version ?? 0)) return;
    this.#model = {
      ...{ version, trained_until, labelled_seconds, devices },
      ...(score !== undefined && { score }),
    };
    this.#hasNew.model = true;
  }

  takeDevices({ devices }: Household, offset: number): void {
    if (offset < (this.#devices?.offset ?? -1)) return;
    this.#devices = { offset, devices };
    this.#hasNew.devices = true;
  }

  /** Readings since a second, ascending. */
  readingsSince(sinceS: number): [second: number, watts: number][] {
    const readings: [number, number][] = [];
    for (const { second, consumption } of this.#seconds.values()) {
      if (second >= sinceS && consumption !== undefined) readings.push([second, consumption]);
    }
    return readings.sort(([a], [b]) => a - b);
  }

  /** All there is, for a page that begins. */
  all(): HouseholdUpdate {
    return this.#update([...this.#seconds.keys()], ALL_PARTS);
  }

  /** What has changed since it was last asked; undefined where nothing has. */
  changes(): HouseholdUpdate | undefined {
    const seconds = [...this.#changed].filter((second) => this.#seconds.has(second));
    const hasNew = this.#hasNew;
    this.#changed.clear();
    this.#hasNew = { ...NO_PARTS };
    const update = this.#update(seconds, hasNew);
    return Object.keys(update).length === 0 ? undefined : update;
  }

  #take(second: number, part: Omit<HouseholdSecond, "second">): void {
    if (second <= this.#newestS - KEPT_S) return;
    this.#seconds.set(second, { ...this.#seconds.get(second), second, ...part });
    this.#changed.add(second);
    if (second <= this.#newestS) return;
    this.#newestS = second;
    for (const each of this.#seconds.keys()) {
      if (each <= second - KEPT_S) this.#seconds.delete(each);
    }
  }

  #update(
    seconds: readonly number[],
    parts: Readonly<Record<Part, boolean>>,
  ): HouseholdUpdate {
    const datasets = [...this.#datasets.values()].sort((a, b) => b.startS - a.startS);
    const lessons = [...this.#lessons.values()].sort((a, b) => a.version - b.version);
    const energy = this.#energy.figures;
    const isFound = seconds.some((second) => this.#seconds.get(second)?.on !== undefined);
    return {
      ...(seconds.length > 0 && {
        seconds: seconds.toSorted((a, b) => a - b).map((second) => this.#seconds.get(second)!),
      }),
      ...(parts.window && this.#window !== undefined && { window: this.#window }),
      ...(parts.datasets && datasets.length > 0 && { datasets }),
      ...(parts.model && this.#model !== undefined && { model: this.#model, lessons }),
      ...(isFound && energy !== undefined && { energy }),
      ...(parts.devices && this.#devices !== undefined && { devices: this.#devices.devices }),
    };
  }
}
