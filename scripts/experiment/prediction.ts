/** What the bench says that a run takes, beside what it took. */
import { type BenchFigures, readBench } from "./plan/bench_figures.ts";
import { measureEvents } from "./plan/event_bytes.ts";
import { type EventBytes, SIMULATED_INTERVAL_S, sizeFor } from "./plan/sizing.ts";
import { cpuOf, peak, rateAtFull, samplesAtFull } from "./rates.ts";
import { type ProcessName, type Sample } from "./sampler.ts";

/** After the last household has come: until its first windows and sessions are closed. */
const SETTLE_S = 40;
const DAY_S = 86_400;

/** What a prediction rests on. */
export interface PredictionBasis {
  readonly bench: BenchFigures;
  readonly bytes: EventBytes;
}

/** One figure of a run. */
export interface Predicted {
  readonly what: string;
  readonly unit: string;
  readonly predicted: number;
  /** Null where it could not be measured. */
  readonly measured: number | null;
}

/** @throws WattstreamError `config` where the bench's files cannot be used. */
export async function readBasis(bench: string, random: () => number): Promise<PredictionBasis> {
  return {
    bench: (await readBench(bench.split(","))).figures,
    bytes: measureEvents(random).bytes,
  };
}

/** For the time in which all households of a run published, on a Kafka with one copy of each record. */
export function predictionOf(samples: readonly Sample[], basis: PredictionBasis): Predicted[] {
  const atFull = samplesAtFull(samples);
  const full = settled(atFull);
  const households = full.at(-1)?.households ?? 0;
  if (households === 0) return [];
  const size = sizeFor(households, {
    ...basis,
    intervalS: SIMULATED_INTERVAL_S,
    isDisaggregating: false,
    replication: 1,
  });
  const rate = (countOf: (sample: Sample) => number | null) => rateAtFull(full, countOf);
  const bits = rate((sample) => sample.kafka_bytes);
  return [
    {
      ...{ what: "events into the log", unit: "per second" },
      predicted: size.readingsPerS + size.statesPerS,
      measured: rate((sample) => sample.events_into_log),
    },
    {
      ...{ what: "windows", unit: "per second" },
      predicted: size.windowsPerS,
      measured: rate(({ windows }) => windows),
    },
    ...WORKERS.flatMap((name): Predicted[] => [
      {
        ...{ what: `CPU of ${name}`, unit: "cores" },
        predicted: size[name].cores,
        measured: rate(cpuOf(name)),
      },
      {
        ...{ what: `memory of ${name}`, unit: "MB at most" },
        predicted: size[name].memoryMB,
        measured: memoryMBOf(atFull, name),
      },
    ]),
    {
      ...{ what: "network of Kafka", unit: "Mbit/s" },
      predicted: size.networkBitsPerS / 1e6,
      measured: bits === null ? null : 8 * bits / 1e6,
    },
    {
      ...{ what: "disk a day, one copy", unit: "GB" },
      predicted: size.diskBytesPerDay / 1e9,
      measured: scaled(rate((sample) => sample.log_bytes), DAY_S / 1e9),
    },
  ];
}

const WORKERS = ["bridge", "predictions", "training"] as const;

/** Without the time in which the last to come had no windows yet, where there is enough beside it. */
function settled(full: readonly Sample[]): readonly Sample[] {
  const [first, last] = [full[0], full.at(-1)];
  if (first === undefined || last!.elapsedS - first.elapsedS < 2 * SETTLE_S) return full;
  return full.filter(({ elapsedS }) => elapsedS - first.elapsedS >= SETTLE_S);
}

/** While they published: what closes at the end comes in a burst. */
function memoryMBOf(atFull: readonly Sample[], name: ProcessName): number | null {
  const most = peak(atFull, ({ usage }) => usage[name]?.memoryBytes ?? null);
  return most === 0 ? null : most / 1e6;
}

function scaled(value: number | null, by: number): number | null {
  return value === null ? null : value * by;
}

/** As lines, for the end of a run. */
export function predictionText(rows: readonly Predicted[]): string {
  const cells = rows.map((row) => [row.what, row.unit, ...figureTexts(row)]);
  const table = [["", "", "predicted", "measured", "off by"], ...cells];
  const widths = table[0]!.map((_, column) => Math.max(...table.map((row) => row[column]!.length)));
  return table.map((row) =>
    row.map((cell, column) =>
      column < 2 ? cell.padEnd(widths[column]!) : cell.padStart(widths[column]!)
    ).join("  ").trimEnd()
  ).join("\n");
}

/** Predicted, measured, and by how much the latter is off. */
export function figureTexts({ predicted, measured }: Predicted): string[] {
  if (measured === null) return [text(predicted), "–", "–"];
  const offPct = Math.round(100 * (measured / predicted - 1));
  return [text(predicted), text(measured), `${offPct > 0 ? "+" : ""}${offPct} %`];
}

/** Three digits that matter. */
function text(value: number): string {
  return value >= 100
    ? Math.round(value).toLocaleString("en")
    : String(Number(value.toPrecision(3)));
}
