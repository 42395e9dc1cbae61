/** `down`: stops exactly what `up` started. */
import { isRunning, stopProcess } from "../../shared/services/process.ts";
import type { Report } from "../../shared/services/report.ts";
import type { DownConfig } from "./config.ts";
import type { ServiceName } from "./service.ts";
import { withState } from "./state.ts";

const STOP_DEADLINE_MS = 20_000;

/** Stops these services, forgets and returns them; their logs stay until the next `up`. */
export async function down(config: DownConfig, report: Report): Promise<ServiceName[]> {
  return await withState(config.servicesFolder, async (file) => {
    const stopped: ServiceName[] = [];
    for (const name of config.only) {
      const { [name]: service, ...others } = await file.read();
      if (service === undefined) {
        report(`${name} was not started`);
        continue;
      }
      await Promise.all(service.processes.map(async (process) => {
        if (!await isRunning(process)) report(`${process.name} had ended already`);
        else if (await stopProcess(process, STOP_DEADLINE_MS)) report(`${process.name} stopped`);
        else report(`${process.name} killed: it did not stop within ${STOP_DEADLINE_MS / 1000} s`);
      }));
      await file.write(others);
      stopped.push(name);
    }
    return stopped;
  });
}
