/** What a campaign has to say: the faults survived, by kind. */
import { FAULT_KINDS, type FaultKind } from "./faults.ts";
import type { FaultRecord } from "./campaign.ts";

/** All faults of one kind. */
export interface FaultSummary {
  readonly count: number;
  /** Medians and the longest, s; null where there is none. */
  readonly lastedS: number | null;
  readonly recoveryS: number | null;
  readonly recoverySMax: number | null;
}

const NAMES: Record<FaultKind, string> = {
  kill: "worker killed",
  zombie: "worker stopped, continued",
  add: "replica added",
  remove: "replica removed",
  broker: "broker killed, restarted",
  stall: "network of a worker stalled",
  bridge: "bridge killed",
};

export function summaryOf(faults: readonly FaultRecord[]): Record<FaultKind, FaultSummary> {
  const summaries = FAULT_KINDS.map((kind) => {
    const own = faults.filter((fault) => fault.kind === kind);
    const recoveries = own.flatMap(({ recoveryS }) => recoveryS ?? []).sort((a, b) => a - b);
    return [kind, {
      count: own.length,
      lastedS: medianOf(own.map(({ lastedS }) => lastedS).sort((a, b) => a - b)),
      recoveryS: medianOf(recoveries),
      recoverySMax: recoveries.at(-1) ?? null,
    }] as const;
  });
  return Object.fromEntries(summaries) as Record<FaultKind, FaultSummary>;
}

/** A line of the running log. */
export function faultText(fault: FaultRecord): string {
  const { kind, target, atS, lastedS, recoveryS, waitedFor } = fault;
  const minutes = Math.floor(atS / 60);
  const clock = `${minutes}:${String(Math.floor(atS % 60)).padStart(2, "0")}`;
  const last = waitedFor === undefined ? "" : ` (last: ${waitedFor})`;
  const outcome = recoveryS === undefined ? "NOT whole again" : `whole after ${seconds(recoveryS)}`;
  return `${clock.padStart(6)}  ${NAMES[kind]}: ${target}; ${seconds(lastedS)}, ${outcome}${last}`;
}

function seconds(value: number): string {
  return `${value.toFixed(1)} s`;
}

/** The table at the end. */
export function faultTable(faults: readonly FaultRecord[]): string {
  const rows = [["fault", "count", "lasted s", "recovery s", "longest s"]];
  for (const [kind, summary] of Object.entries(summaryOf(faults))) {
    const { count, lastedS, recoveryS, recoverySMax } = summary;
    rows.push([
      NAMES[kind as FaultKind],
      String(count),
      ...[lastedS, recoveryS, recoverySMax].map((value) => value?.toFixed(1) ?? "–"),
    ]);
  }
  const widths = rows[0]!.map((_, column) => Math.max(...rows.map((row) => row[column]!.length)));
  return rows.map((row) =>
    row.map((cell, column) =>
      column === 0 ? cell.padEnd(widths[0]!) : cell.padStart(widths[column]!)
    ).join("  ")
  ).join("\n");
}

function medianOf(ascending: readonly number[]): number | null {
  return ascending[Math.floor((ascending.length - 1) / 2)] ?? null;
}
