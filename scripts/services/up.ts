/** `up`: starts what does not run yet. */
import { WattstreamError } from "../../shared/errors.ts";
import type { Report } from "../../shared/services/report.ts";
import type { UpConfig } from "./config.ts";
import { runningCount, type ServiceName, startService } from "./service.ts";
import { type StartedService, type State, type StateFile, withState } from "./state.ts";

/**
 * Starts these services, each empty, or finds them running.
 * @throws WattstreamError `config` when one runs in another form; `unavailable` when it cannot start.
 */
export async function up(
  config: UpConfig,
  report: Report,
): Promise<Map<ServiceName, StartedService>> {
  return await withState(config.servicesFolder, async (file) => {
    const services = new Map<ServiceName, StartedService>();
    for (const name of config.only) {
      const running = await findRunning(name, await file.read(), config);
      if (running !== undefined) report(`${name} runs already`);
      services.set(name, running ?? await start(name, file, config, report));
    }
    return services;
  });
}

/** The service as it runs; undefined where none of it does. */
async function findRunning(
  name: ServiceName,
  state: State,
  config: UpConfig,
): Promise<StartedService | undefined> {
  const service = state[name];
  if (service === undefined) return undefined;
  const running = await runningCount(service);
  const wanted = service.processes.length;
  if (running === 0) return undefined;
  const stopFirst = `Stop it first: deno task services down --only ${name}`;
  if (running < wanted) {
    throw new WattstreamError("config", `${stopFirst}. ${running} of ${wanted} processes run`);
  }
  if (name === "kafka" && config.brokers !== undefined && Number(config.brokers) !== wanted) {
    throw new WattstreamError(
      "config",
      `${stopFirst}. Kafka runs with --brokers ${wanted}, not ${config.brokers}`,
    );
  }
  return service;
}

async function start(
  name: ServiceName,
  file: StateFile,
  config: UpConfig,
  report: Report,
): Promise<StartedService> {
  const folder = `${config.servicesFolder}/${name}`;
  await makeEmpty(folder);
  const keepPath = `${folder}/keep`;
  const brokers = config.brokers === "3" ? 3 : 1;
  const { httpBase } = config;
  const service = await startService(name, { folder, keepPath, brokers, httpBase, report });
  await file.write({ ...await file.read(), [name]: service });
  // From here on `down` knows what to stop, so the service may go on without this process.
  await Deno.writeTextFile(keepPath, "");
  return service;
}

async function makeEmpty(folder: string): Promise<void> {
  await Deno.mkdir(folder, { recursive: true });
  await Deno.remove(folder, { recursive: true });
  await Deno.mkdir(folder);
}
