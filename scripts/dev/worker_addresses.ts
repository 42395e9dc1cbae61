/** The ports at which the workers of a run serve their metrics. */
import { WattstreamError } from "../../shared/errors.ts";
import { freePorts, isFree } from "../../shared/services/ports.ts";
import { workerPorts } from "../../shared/services/worker_ports.ts";
import type { DevConfig } from "./config.ts";

type HttpBase = Pick<DevConfig, "httpBase">;

/** Of each worker, which keeps its port when it is started again: the console looks there. */
export function portsOf({ httpBase }: HttpBase): ReadonlyMap<string, number> {
  if (httpBase !== undefined) return workerPorts(httpBase);
  const names = [...workerPorts(0).keys()];
  const ports = freePorts(names.length);
  return new Map(names.map((name, index) => [name, ports[index]!]));
}

/** @throws WattstreamError `config` where somebody else has one of the ports that are wanted. */
export function checkPorts({ httpBase, console }: Pick<DevConfig, "httpBase" | "console">): void {
  const refuse = (message: string): never => {
    throw new WattstreamError("config", message);
  };
  for (const [name, port] of httpBase === undefined ? [] : workerPorts(httpBase)) {
    if (isFree(port)) continue;
    refuse(`Choose another --http-base than ${httpBase}: port ${port}, of ${name}, is taken`);
  }
  if (console === undefined || console.port === 0 || isFree(console.port, console.hostname)) return;
  refuse(`Choose another port for --console: ${console.port} is taken`);
}
