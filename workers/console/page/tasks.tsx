/** Tasks by worker, those furthest behind first, and the processes that run them. */
import type { TaskRow, WorkerRow } from "../../../shared/system/rates.ts";
import type { ProcessState } from "../system/system_state.ts";
import { bytesText, countText, rateText, secondsText } from "./format.ts";
import { Empty } from "./states.tsx";

export function TaskTables(
  { workers, nowMs }: { readonly workers: readonly WorkerRow[]; readonly nowMs: number },
) {
  return (
    <div class="columns">
      {workers.map((worker) => <TaskTable key={worker.worker} worker={worker} nowMs={nowMs} />)}
    </div>
  );
}

function TaskTable({ worker, nowMs }: { readonly worker: WorkerRow; readonly nowMs: number }) {
  const { members } = worker;
  const rows = worker.tasks.toSorted((a, b) => b.lag - a.lag || a.task - b.task);
  return (
    <details class="card">
      <summary>
        <h3>{worker.worker}</h3>
        <span>
          <b>{countText(worker.lag)}</b> behind, <b>{rateText(worker.readPerS)}</b>/s,{" "}
          {worker.tasks.length} tasks{members === undefined ? "" : `, ${members} running them`}
        </span>
      </summary>
      <div class="scroll" tabIndex={0} role="region" aria-label={`Tasks of ${worker.worker}`}>
        <table>
          <thead>
            <tr>
              <th scope="col">task</th>
              <th scope="col" class="number">lag</th>
              <th scope="col" class="number">read/s</th>
              <th scope="col" class="number">held</th>
              <th scope="col" class="number">late</th>
              <th scope="col" class="number">newest event</th>
              {members !== undefined && <th scope="col">owner</th>}
            </tr>
          </thead>
          <tbody>
            {rows.map((row) => (
              <tr key={row.task}>
                <th scope="row">{row.task}</th>
                <td class="number">{countText(row.lag)}</td>
                <td class="number">{rateText(row.readPerS)}</td>
                <td class="number">{countText(row.held)}</td>
                <td class="number">{countText(row.late)}</td>
                <td class="number">{ageText(row, nowMs)}</td>
                {members !== undefined && <td>{row.owner?.member ?? "nobody"}</td>}
              </tr>
            ))}
          </tbody>
        </table>
      </div>
    </details>
  );
}

function ageText({ newestS }: TaskRow, nowMs: number): string {
  if (newestS === undefined) return "–";
  return `${secondsText(Math.max(0, Math.round(nowMs / 1000 - newestS)))} ago`;
}

export function ProcessTable({ processes }: { readonly processes: readonly ProcessState[] }) {
  if (processes.length === 0) {
    return <Empty>No worker's metrics are watched: name them with --workers.</Empty>;
  }
  const rows = processes.toSorted((a, b) =>
    Number(b.problem !== undefined) - Number(a.problem !== undefined)
  );
  return (
    <div class="card scroll" tabIndex={0} role="region" aria-label="Table of processes">
      <table>
        <thead>
          <tr>
            <th scope="col">worker</th>
            <th scope="col">address</th>
            <th scope="col" class="number">cores</th>
            <th scope="col" class="number">memory</th>
            <th scope="col">answers</th>
          </tr>
        </thead>
        <tbody>
          {rows.map(({ worker, address, problem, memoryBytes, cpu }) => (
            <tr key={address}>
              <th scope="row">{worker}</th>
              <td>{address}</td>
              <td class="number">{cpu === undefined ? "–" : cpu.toFixed(2)}</td>
              <td class="number">{memoryBytes === undefined ? "–" : bytesText(memoryBytes)}</td>
              <td>
                {problem === undefined
                  ? <span class="badge well">yes</span>
                  : <span class="badge critical">no: {problem}</span>}
              </td>
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}
