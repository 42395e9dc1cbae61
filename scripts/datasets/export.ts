/**
 * An export: a first look at the log finds the households, their devices and the cuts of a split; a
 * second one writes the rows, partition by partition, so that one that was stopped goes on behind the
 * last partition whose files are whole. Rows come as they stand in the log.
 */
import { join } from "node:path";
import { WattstreamError } from "../../shared/errors.ts";
import type { Log, LogRecord } from "../../shared/log/log.ts";
import { type Choice, type ChosenRows, rowsOf } from "./choice.ts";
import { columnsOf, deviceColumnName, deviceNames } from "../../shared/tables/device_columns.ts";
import { readDeviceNames } from "./device_names.ts";
import { fileName } from "./file_names.ts";
import { Outputs } from "./outputs.ts";
import { type Plan, readPlan, writePlan } from "./plan.ts";
import { partNames, partOf } from "./split.ts";
import { householdKey, Survey, type SurveyedHousehold } from "./survey.ts";
import type { Format } from "../../shared/tables/table_file.ts";
import { type Cell, type Column, TABLES } from "../../shared/tables/tables.ts";

export interface ExportOptions {
  readonly folder: string;
  readonly format: Format;
  readonly layout: "household" | "file";
  /** Percent of each part. */
  readonly split?: readonly number[] | undefined;
  /** What was asked for, to know the export again. */
  readonly request: string;
  /** Records behind it and all there are, of what is going on. */
  readonly progress: (what: string, done: number, total: number) => void;
  /** Stops it, to be gone on with later. */
  readonly signal?: AbortSignal;
}

type ReadableLog = Pick<Log, "describe" | "read">;

/** @returns the plan, done. @throws WattstreamError `config` or `topic`, or `signal`'s reason. */
export async function exportTable(
  log: ReadableLog,
  choice: Choice,
  options: ExportOptions,
): Promise<Plan> {
  const plan = readPlan(options.folder, options.request) ?? await makePlan(log, choice, options);
  writePlan(options.folder, plan);
  const writing = new Writing(plan, options);
  for (const partitions of plan.steps) {
    if (partitions.every((partition) => plan.done.includes(partition))) continue;
    await writing.step(log, partitions);
    plan.done.push(...partitions);
    plan.isFinished = plan.done.length === plan.ends.length;
    writePlan(options.folder, plan);
  }
  return plan;
}

async function makePlan(
  log: ReadableLog,
  choice: Choice,
  { request, layout, split, progress, signal }: ExportOptions,
): Promise<Plan> {
  const [topic] = await log.describe([choice.topic]);
  if (topic === undefined) {
    throw new WattstreamError("topic", `Name a log that has the topic ${choice.topic}`);
  }
  const [starts, ends] = [
    topic.partitions.map(({ startOffset }) => startOffset),
    topic.partitions.map(({ endOffset }) => endOffset),
  ];
  const names = await readDeviceNames(log);
  const survey = new Survey(choice);
  const all = ends.map((_, partition) => partition);
  for await (
    const record of recordsOf(log, { topic: choice.topic, starts, ends }, all, (done, total) => {
      signal?.throwIfAborted();
      progress("surveyed", done, total);
    })
  ) survey.add(record);
  const households = survey.households();
  const planned = (household: SurveyedHousehold): Plan["households"][number] => ({
    username: household.username,
    client_id: household.client_id,
    cuts: split === undefined ? [] : household.histogram.cuts(split),
    devices: Object.fromEntries(
      [...household.deviceCounts].sort((a, b) => a - b).map((count) =>
        [count, deviceNames(count, names.get(householdKey(household)))] as const
      ),
    ),
  });
  return {
    version: 2,
    ...{ request, choice: { ...choice, households: choice.households?.slice() }, starts, ends },
    households: households.map(planned),
    steps: layout === "household" && isEachInOnePartition(households)
      ? all.map((partition) => [partition])
      : [all],
    ...{ done: [], files: [], rows: 0, cut: 0, isFinished: false },
  };
}

/** Not so where partitions were added to the topic: a file then has rows of several of them. */
function isEachInOnePartition(households: readonly SurveyedHousehold[]): boolean {
  return households.every(({ partitions }) => partitions.size === 1);
}

/** The second look. */
class Writing {
  readonly #plan: Plan;
  readonly #options: ExportOptions;
  readonly #households: ReadonlyMap<string, Plan["households"][number]>;
  readonly #columns: readonly Column[];
  readonly #deviceIndex: ReadonlyMap<string, number>;

  constructor(plan: Plan, options: ExportOptions) {
    this.#plan = plan;
    this.#options = options;
    this.#households = new Map(plan.households.map((each) => [householdKey(each), each]));
    const table = TABLES[plan.choice.topic];
    const devices = columnsOf(
      plan.households.flatMap((each) => Object.values(each.devices)),
      table.deviceColumns,
    );
    this.#columns = [...table.columns, ...devices];
    this.#deviceIndex = new Map(devices.map(({ name }, index) => [name, index]));
  }

  /** Writes the files of these partitions, whole. */
  async step(log: ReadableLog, partitions: readonly number[]): Promise<void> {
    const { progress, signal, format } = this.#options;
    const plan = this.#plan;
    const outputs = new Outputs({
      format,
      describe: (path) => ({ columns: this.#columns, facts: this.#factsOf(path) }),
    });
    const before = plan.done.reduce((sum, each) => sum + plan.ends[each]! - plan.starts[each]!, 0);
    const total = plan.ends.reduce((sum, end, index) => sum + end - plan.starts[index]!, 0);
    const figures = { rows: 0, cut: 0 };
    for await (
      const record of recordsOf(log, { ...plan, topic: plan.choice.topic }, partitions, (done) => {
        signal?.throwIfAborted();
        progress("exported", before + done, total);
      })
    ) {
      const chosen = rowsOf(plan.choice, record);
      if (chosen !== undefined) this.#add(outputs, chosen, figures);
    }
    const { folder } = this.#options;
    plan.files.push(...outputs.finish().map((path) => path.slice(folder.length + 1)));
    plan.rows += figures.rows;
    plan.cut += figures.cut;
  }

  #add(outputs: Outputs, chosen: ChosenRows, figures: { rows: number; cut: number }): void {
    const household = this.#households.get(householdKey(chosen.identity))!;
    for (const { startS, endS, cells, devices = [] } of chosen.rows) {
      const part = partOf(household.cuts, startS, endS);
      if (part === undefined) {
        figures.cut++;
        continue;
      }
      figures.rows++;
      const row: Cell[] = [...cells, ...Array<null>(this.#deviceIndex.size).fill(null)];
      for (const [at, values] of devices.entries()) {
        const kind = TABLES[this.#plan.choice.topic].deviceColumns[at]!;
        const names = household.devices[String(values.length)]!;
        for (const [index, value] of values.entries()) {
          const column = deviceColumnName(kind, names[index]!);
          row[cells.length + this.#deviceIndex.get(column)!] = value;
        }
      }
      outputs.add(this.#pathOf(household, part), row);
    }
  }

  /** `train/anna/flat-1.parquet`, `anna/flat-1.parquet`; `train.parquet`, `data.parquet`. */
  #pathOf({ username, client_id }: Plan["households"][number], part: number): string {
    const { folder, split, layout, format } = this.#options;
    const partName = split === undefined ? [] : [partNames(split.length)[part]!];
    const names = layout === "household"
      ? [...partName, fileName(username), fileName(client_id)]
      : [partName[0] ?? "data"];
    return `${join(folder, ...names)}.${format}`;
  }

  #factsOf(path: string): Record<string, unknown> {
    const { folder, split } = this.#options;
    const { topic, sinceS, untilS } = this.#plan.choice;
    const part = split === undefined ? undefined : path.slice(folder.length + 1).split(/[/.]/)[0];
    return {
      topic,
      ...(sinceS === 0 ? {} : { since: sinceS }),
      ...(untilS === Number.MAX_SAFE_INTEGER ? {} : { until: untilS }),
      ...(part === undefined ? {} : { part, split }),
    };
  }
}

interface Bounds {
  readonly topic: string;
  readonly starts: readonly number[];
  readonly ends: readonly number[];
}

/** Records of a partition between two looks at the progress. */
const LOOK_EVERY = 500;

/** The records of these partitions, between the bounds. */
async function* recordsOf(
  log: ReadableLog,
  { topic, starts, ends }: Bounds,
  partitions: readonly number[],
  look: (done: number, total: number) => void,
): AsyncGenerator<LogRecord> {
  const from = ends.map((end, index) => partitions.includes(index) ? starts[index]! : end);
  const total = partitions.reduce((sum, each) => sum + ends[each]! - starts[each]!, 0);
  let done = 0;
  look(0, total);
  for await (const record of log.read({ topic, from })) {
    if (record.offset >= ends[record.partition]!) continue;
    if (++done % LOOK_EVERY === 0) look(done, total);
    yield record;
  }
  look(total, total);
}
