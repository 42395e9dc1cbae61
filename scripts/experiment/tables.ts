/** The tables of the report's page. */
import type { Table } from "./html.ts";
import type { ExperimentReport } from "./report.ts";
import { figureTexts, type Predicted } from "./prediction.ts";
import { THESIS } from "./thesis.ts";
import { STAGE_TITLES } from "./titles.ts";

export function tablesOf(report: ExperimentReport): Table[] {
  return [
    besideThesis(report),
    parity(report),
    latencies(report),
    processes(report),
    ...report.prediction === null ? [] : [predicted(report.prediction)],
    partitions(report),
    settings(report),
  ];
}

function besideThesis(report: ExperimentReport): Table {
  const { run, labelled, users, windows, datasets } = report;
  const rows = [
    ["Duration", `${number(run.duration_s)}\u00a0s`, `${number(THESIS.durationS)}\u00a0s`],
    ["Households at most", number(report.households_peak), number(THESIS.users)],
    [
      "Connections at most",
      number(report.connections_peak),
      number(THESIS.connectionsPeak),
    ],
    [
      "Events into the broker",
      number(report.events_into_broker.total),
      number(THESIS.eventsIntoBroker),
    ],
    [
      "Events into the broker, per second at most",
      number(report.events_into_broker.per_s_peak),
      number(THESIS.eventsIntoBrokerPerSPeak),
    ],
    ["Events into the log", number(report.events_into_log.total), "–"],
    ["Prediction windows", number(windows.total), number(THESIS.windows)],
    ["Prediction windows, per second", number(windows.per_s_mean), number(THESIS.windowsPerS)],
    ["Training datasets", number(datasets.total), number(THESIS.datasets)],
    ["Lost", number(run.correctness.lost), "some"],
    ["Duplicated", number(run.correctness.duplicated), "–"],
    ["Timestamps ascending", percent(run.correctness.ascending_pct), percent(THESIS.ascendingPct)],
    ["Labelled, by our rule", percent(labelled.fused_pct), "–"],
    [
      "Labelled, by the thesis's rule",
      percent(labelled.thesis_pct),
      THESIS.labelledPct.map(percent).join(" and "),
    ],
    [
      "Prediction windows of two random users",
      pair(users.map((user) => user.windows)),
      pair(THESIS.twoUsers.windows),
    ],
    [
      "Training datasets of the same",
      pair(users.map((user) => user.datasets)),
      pair(THESIS.twoUsers.datasets),
    ],
  ];
  return {
    title: "Beside the thesis",
    note:
      "Labelled, our rule: of the seconds that have a reading and a state in the log, those that a session holds with the right values. " +
      "The thesis's: values in datasets ÷ device states in the log, so that what is in sessions too short to keep counts against it. " +
      `A dataset is longer than ${report.settings["min-duration"]} s, without a gap over ${
        report.settings["gap"]
      } s. The thesis lost ${THESIS.lost}.`,
    head: ["", "this\u00a0run", "thesis"],
    rows,
  };
}

/** From stage to stage, to the last record. */
function parity({ run }: ExperimentReport): Table {
  const { simulated, mqtt, log, correctness: c, workers } = run;
  const account = (worker: "predictions" | "training") => {
    const { inputs, partly_late: _, ...outcomes } = workers[worker];
    const settled = Object.values(outcomes).reduce((sum, value) => sum + value, 0);
    return [`Inputs of ${worker} → settled or held`, number(inputs), number(settled)];
  };
  const rows = [
    [
      "Published and acknowledged → received by the broker",
      number(simulated.readings + simulated.states),
      number(mqtt.received),
    ],
    [
      "Received by the broker → in the log (all runs)",
      number(mqtt.received),
      number(log.power + log.device_state),
    ],
    account("predictions"),
    account("training"),
    [
      "Windows expected → in the log as expected",
      number(c.windows_expected),
      number(c.windows_matching),
    ],
    [
      "Datasets expected → in the log as expected",
      number(c.datasets_expected),
      number(c.datasets_matching),
    ],
  ];
  return {
    title: "Parity between stages",
    note:
      "What is expected is what a batch oracle, which shares no code with the workers, makes of the whole log.",
    head: ["", "before", "after"],
    rows,
  };
}

function latencies({ latency_ms }: ExperimentReport): Table {
  return {
    title: "Latencies, ms",
    note:
      "The first row is exact; the others are estimated within the buckets of the workers' histograms, their maximum being a bound.",
    head: ["", "p50", "p95", "p99", "max"],
    rows: Object.entries(latency_ms).map(([stage, { p50, p95, p99, max }]) => [
      STAGE_TITLES[stage] ?? stage,
      ...[p50, p95, p99, max].map((value) => value === null ? "–" : number(value)),
    ]),
  };
}

function processes(report: ExperimentReport): Table {
  return {
    title: "CPU and memory",
    note:
      "The experiment's own process holds the embedded broker. Servers of others are not in it.",
    head: ["process", "CPU-seconds", "cores with all households", "cores at most", "MB at most"],
    rows: Object.entries(report.processes).map(([name, used]) => [
      ...[name, number(used.cpu_s), number(used.cores_mean), number(used.cores_peak)],
      number(used.memory_bytes_peak / 1_000_000),
    ]),
  };
}

function predicted(rows: readonly Predicted[]): Table {
  return {
    title: "Predicted and measured",
    note:
      "By deno task bench, for all households at once, before the run; measured while all of them published.",
    head: ["", "", "predicted", "measured", "off by"],
    rows: rows.map((row) => [row.what, row.unit, ...figureTexts(row)]),
  };
}

function partitions(report: ExperimentReport): Table {
  return {
    title: "Partition skew",
    head: ["topic", "partitions", "fewest", "most", "most ÷ mean"],
    rows: report.partitions.map(({ topic, offsets, skew }) => [
      topic,
      ...[offsets.length, Math.min(...offsets), Math.max(...offsets)].map(number),
      skew === null ? "–" : String(skew),
    ]),
  };
}

function settings({ settings, machine }: ExperimentReport): Table {
  const memory = `${number(machine.memory_bytes / 1e9)} GB`;
  return {
    title: "Settings",
    head: ["", ""],
    rows: [
      ["machine", `${machine.cores} cores, ${memory}, ${machine.system}`],
      ...Object.entries(settings).map(([name, value]) => [name, String(value ?? "–")]),
    ],
  };
}

function pair(values: readonly number[]): string {
  return values.length === 0 ? "–" : values.map(number).join(" and ");
}

function percent(value: number | null): string {
  // Rounded down: 100 % means all of them.
  return value === null ? "–" : `${Math.floor(value * 100) / 100}\u00a0%`;
}

function number(value: number): string {
  return value.toLocaleString("en", {
    maximumFractionDigits: value < 10 ? 2 : value < 100 ? 1 : 0,
  });
}
