/** The tables that `top` shows. */
import { printableLine } from "../../shared/service/terminal.ts";
import type { SystemRates, TaskFigures, TaskRow, WorkerRow } from "../../shared/system/rates.ts";

const HEADING = ["task", "lag", "read/s", "settled", "held", "late", "lost", "behind", "memory"];

/** @param rowsMax of tasks of each worker; those furthest behind come first. */
export function renderSystem({ time, workers, topics }: SystemRates, rowsMax: number): string {
  const nowS = Date.parse(time) / 1000;
  const tables = workers.map((worker) => tableOf(workerRows(worker, nowS, rowsMax)));
  const ofTopics = [
    ["topic", "records", "records/s", "bytes"],
    ...topics.map(({ topic, records, recordsPerS, bytes }) => [
      printableLine(topic),
      count(records),
      rate(recordsPerS),
      count(bytes),
    ]),
  ];
  return [time, ...tables, tableOf(ofTopics)].join("\n\n");
}

function workerRows(worker: WorkerRow, nowS: number, rowsMax: number): string[][] {
  const byLag = worker.tasks.toSorted((a, b) => b.lag - a.lag || b.readPerS - a.readPerS);
  const shown = byLag.slice(0, rowsMax);
  const left = worker.tasks.length - shown.length;
  const { members } = worker;
  const ownedBy = (text: string) => members === undefined ? [] : [text];
  const plural = members === 1 ? "" : "s";
  return [
    [worker.worker, ...HEADING.slice(1), ...ownedBy("owner")],
    [
      ...[`all ${worker.tasks.length}`, ...cellsOf(worker, nowS)],
      ...ownedBy(`${members} member${plural}`),
    ],
    ...shown.map((task) => [
      ...[String(task.task), ...cellsOf(task, nowS), ...ownedBy(ownerOf(task))],
    ]),
    ...(left > 0 ? [[`${left} more`]] : []),
  ];
}

function ownerOf({ owner }: TaskRow): string {
  return owner === undefined ? "nobody" : printableLine(`${owner.member} at ${owner.host}`);
}

function cellsOf(row: TaskFigures, nowS: number): string[] {
  const { lag, readPerS, settled, held, late, lost, newestS, memoryBytes } = row;
  const behind = newestS === undefined ? "" : `${Math.max(0, Math.round(nowS - newestS))} s`;
  return [
    ...[count(lag), rate(readPerS), count(settled), count(held), count(late), count(lost)],
    ...[behind, `${count(memoryBytes)} B`],
  ];
}

/** The first column to the left, numbers to the right. */
function tableOf(rows: readonly (readonly string[])[]): string {
  const widths = rows[0]!.map((_, column) =>
    Math.max(...rows.map((row) => (row[column] ?? "").length))
  );
  return rows.map((row) =>
    row.map((cell, column) =>
      column === 0 ? cell.padEnd(widths[column]!) : cell.padStart(widths[column]!)
    ).join("  ").trimEnd()
  ).join("\n");
}

function count(value: number): string {
  return value.toLocaleString("en");
}

function rate(value: number): string {
  return value.toLocaleString("en", { minimumFractionDigits: 1, maximumFractionDigits: 1 });
}
