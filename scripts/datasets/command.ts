/** The commands of `deno task datasets`: which there are, and what they print. */
import { resolve } from "node:path";
import { WattstreamError } from "../../shared/errors.ts";
import type { Log } from "../../shared/log/log.ts";
import { command, runCommand } from "../../shared/service/commands.ts";
import type { ConfigSource } from "../../shared/service/config.ts";
import { withoutCredentials } from "../../shared/service/secrets.ts";
import { print, printableLine, printError } from "../../shared/service/terminal.ts";
import { PLACE_NOTE, withExistingLog } from "../log_place.ts";
import { type Choice, choiceOf, rowsOf } from "./choice.ts";
import { exportConfig, listConfig, showConfig } from "./config.ts";
import { deviceColumnName, deviceNames } from "../../shared/tables/device_columns.ts";
import { readDeviceNames } from "./device_names.ts";
import { exportTable } from "./export.ts";
import { openProgress } from "../progress.ts";
import { householdKey, Survey } from "./survey.ts";
import { TABLES } from "../../shared/tables/tables.ts";

/** Runs one command and returns the exit code: 0 done, 1 failed, 2 bad usage. */
export function runDatasets(source: ConfigSource): Promise<number> {
  return runCommand({
    name: "datasets",
    summary: "what the log holds for training, and as files",
    notes: PLACE_NOTE,
    commands: { list, show, export: exportFiles },
  }, source);
}

const list = command({
  summary: "each household: how much there is of it, from when to when, and its devices",
  config: listConfig,
  run: (config) =>
    withExistingLog(config, async (log) => {
      const choice = choiceOf(config, Date.now());
      await requireTopic(log, choice);
      const survey = new Survey(choice);
      for await (const record of log.read({ topic: choice.topic })) survey.add(record);
      const households = survey.households();
      if (households.length === 0) sayNothing(choice);
      const names = await readDeviceNames(log);
      for (const each of households) {
        const { username, client_id, records, rows, firstS, endS, deviceCounts } = each;
        const devices = [...deviceCounts].map((count) =>
          deviceNames(count, names.get(householdKey(each)))
        );
        const line = `${username}/${client_id}  ${records.toLocaleString("en")} records, ` +
          `${rows.toLocaleString("en")} rows, ${timeText(firstS)} to ${timeText(endS)}` +
          devices.map((some) => `  [${some.join(", ")}]`).join("");
        const row = { username, client_id, records, rows, start: firstS, end: endS, devices };
        print(config.json ? JSON.stringify(row) : printableLine(line));
      }
    }),
});

const show = command({
  summary: "the rows, as JSON lines",
  config: showConfig,
  run: (config) =>
    withExistingLog(config, async (log) => {
      const choice = choiceOf(config, Date.now());
      await requireTopic(log, choice);
      const names = await readDeviceNames(log);
      const { columns, deviceColumns } = TABLES[choice.topic];
      let shown = 0;
      for await (const record of log.read({ topic: choice.topic })) {
        const chosen = rowsOf(choice, record);
        if (chosen === undefined) continue;
        for (const { cells, devices = [] } of chosen.rows) {
          const own = deviceNames(
            devices[0]?.length ?? 0,
            names.get(householdKey(chosen.identity)),
          );
          print(JSON.stringify(Object.fromEntries([
            ...columns.map(({ name }, index) => [name, cells[index]]),
            ...own.flatMap((name, index) =>
              deviceColumns.map((kind, at) => [deviceColumnName(kind, name), devices[at]![index]])
            ),
          ])));
          if (++shown >= config.limit) return;
        }
      }
      if (shown === 0) sayNothing(choice);
    }),
});

const exportFiles = command({
  summary: "writes the rows into files: Parquet, CSV or JSON lines",
  config: exportConfig,
  async run(config) {
    const { topic, household, since, until, format, layout, split, data } = config;
    const url = config.log && withoutCredentials(config.log);
    const request = { topic, household, since, until, format, layout, split, log: url, data };
    const folder = resolve(config.out);
    const stop = new AbortController();
    const onSignal = () =>
      stop.abort(
        new WattstreamError("unavailable", "Run it again to go on: it was stopped on the way"),
      );
    const progress = openProgress(Date.now);
    const signals = ["SIGINT", "SIGTERM"] as const;
    for (const name of signals) Deno.addSignalListener(name, onSignal);
    try {
      await withExistingLog(config, async (log) => {
        const choice = choiceOf(config, Date.now());
        const plan = await exportTable(log, choice, {
          ...{ folder, format, layout, split, request: JSON.stringify(request) },
          progress: progress.show,
          signal: stop.signal,
        });
        progress.close();
        print(`${plan.rows.toLocaleString("en")} rows in ${plan.files.length} files: ${folder}`);
        if (plan.rows === 0) sayNothing(choice);
        if (plan.cut > 0) {
          print(`${plan.cut.toLocaleString("en")} rows left out, since a cut goes through them`);
        }
      });
    } finally {
      progress.close();
      for (const name of signals) Deno.removeSignalListener(name, onSignal);
    }
  },
});

/** Beside the output, which is empty: a name that is misspelt looks the same as a log that is young. */
function sayNothing({ topic, households }: Choice): void {
  const of = households === undefined ? "" : ` of ${households.join(", ")}`;
  printError(`There is nothing${of} in ${topic}`);
}

async function requireTopic(log: Log, { topic }: Choice): Promise<void> {
  if ((await log.describe([topic])).length > 0) return;
  throw new WattstreamError("topic", `Name a log that has the topic ${topic}`);
}

function timeText(second: number): string {
  return new Date(second * 1000).toISOString();
}
