/** The services: how each is started, and how it is asked whether it is well. */
import { checkAlive, startKafka } from "../../shared/services/kafka.ts";
import { checkConnects, startMosquitto } from "../../shared/services/mosquitto.ts";
import { checkPrometheus, startPrometheus } from "../../shared/services/prometheus.ts";
import { loadRules } from "../../shared/services/prometheus_rules.ts";
import { isRunning } from "../../shared/services/process.ts";
import type { Report } from "../../shared/services/report.ts";
import type { Server } from "../../shared/services/server.ts";
import { workerPorts } from "../../shared/services/worker_ports.ts";
import { messageOf } from "../../shared/errors.ts";
import type { ServiceProcess, StartedService } from "./state.ts";

export const SERVICE_NAMES = ["kafka", "mosquitto", "prometheus"] as const;

export type ServiceName = (typeof SERVICE_NAMES)[number];

/** Those that are started where none is named. */
export const DEFAULT_SERVICES: readonly ServiceName[] = ["kafka", "mosquitto"];

/** The key of a service's URL in what `--json` prints: the flag of the workers that takes it. */
export const URL_KEYS = { kafka: "kafka", mosquitto: "mqtt", prometheus: "prometheus" } as const;

/** How often Prometheus looks, s. */
const LOOK_S = 5;

export interface StartRequest {
  /** Empty; takes settings, data and logs. */
  readonly folder: string;
  /** The service is killed with this process unless this file exists by then. */
  readonly keepPath: string;
  readonly brokers: 1 | 3;
  /** Where `dev` has its workers, which Prometheus watches. */
  readonly httpBase: number;
  readonly report: Report;
}

/** Starts a service and resolves once it serves. */
export async function startService(
  name: ServiceName,
  { brokers, httpBase, ...request }: StartRequest,
): Promise<StartedService> {
  if (name === "kafka") {
    const kafka = await startKafka({ ...request, brokers, optimized: true });
    return { url: kafka.url, processes: kafka.brokers.map(describe) };
  }
  if (name === "prometheus") {
    const targets = [...workerPorts(httpBase)]
      .map(([worker, port]) => ({ worker, address: `127.0.0.1:${port}` }));
    const settings = { targets, rules: await loadRules(), intervalS: LOOK_S };
    const prometheus = await startPrometheus({ ...request, ...settings });
    return { url: prometheus.url, processes: [describe(prometheus)] };
  }
  const mosquitto = await startMosquitto(request);
  return { url: mosquitto.url, processes: [describe(mosquitto.broker)] };
}

/** What is wrong with a service, each with what it is about; nothing where it is well. */
export async function problemsOf(name: ServiceName, service: StartedService): Promise<string[]> {
  const ids = service.processes.map((_, index) => index + 1);
  const checks = service.processes.map(async (process) => {
    if (!await isRunning(process)) return `${process.name} has ended: see ${process.logPath}`;
    try {
      if (name === "kafka") await checkAlive(process.port, ids);
      else if (name === "prometheus") await checkPrometheus(process.port);
      else await checkConnects(process.port);
      return undefined;
    } catch (error) {
      return `${process.name} does not serve: ${messageOf(error)}; see ${process.logPath}`;
    }
  });
  return (await Promise.all(checks)).filter((problem) => problem !== undefined);
}

/** How many of the service's processes still run. */
export async function runningCount(service: StartedService): Promise<number> {
  const running = await Promise.all(service.processes.map((process) => isRunning(process)));
  return running.filter(Boolean).length;
}

function describe(server: Server): ServiceProcess {
  const { name, port, logPath, process } = server;
  return { name, port, logPath, ...process };
}
