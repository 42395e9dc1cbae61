/** What the live view says of the workers' doings: deaths, restarts, and what they warn of. */
import { printableLine } from "../../shared/service/terminal.ts";
import type { WorkerListener } from "./supervised_worker.ts";
import type { View } from "./view.ts";
import type { WorkerLine } from "./worker_process.ts";

/** Shows what of the workers' doings a person should know. */
export function listenTo(view: View): WorkerListener {
  return {
    line(worker, line) {
      if (line.level === "info" || line.level === "debug") return;
      view.line(`${worker}: ${lineText(line)}`);
    },
    died(worker, what, pauseMs) {
      view.line(`dev: the ${worker} worker ${what}; it is started again in ${pauseMs / 1000} s`);
    },
    restarted(worker, pid) {
      view.line(`dev: the ${worker} worker runs again as process ${pid}`);
    },
  };
}

const LOG_FIELDS = ["time", "worker", "level", "message", "stack"];

/** A line of a worker's log for people: still one line, whatever texts of others it quotes. */
export function lineText(line: WorkerLine): string {
  const fields = Object.entries(line).filter(([name]) => !LOG_FIELDS.includes(name));
  const details = fields.map(([name, value]) => `${name}: ${value}`).join(", ");
  const level = line.level === undefined ? "" : `${line.level}: `;
  return printableLine(`${level}${line.message}${details === "" ? "" : ` (${details})`}`);
}
