/**
 * The commands of `deno task services`: which there are, and what they print. Results go to standard
 * output, everything on the way there to standard error.
 */
import { command, runCommand } from "../../shared/service/commands.ts";
import type { ConfigSource } from "../../shared/service/config.ts";
import { print, printError } from "../../shared/service/terminal.ts";
import { downConfig, statusConfig, upConfig } from "./config.ts";
import { down } from "./down.ts";
import { URL_KEYS } from "./service.ts";
import { type ServiceStatus, status } from "./status.ts";
import { up } from "./up.ts";

/** Runs one command and returns the exit code: 0 done, 1 failed or unwell, 2 bad usage. */
export function runServices(source: ConfigSource): Promise<number> {
  return runCommand({
    name: "services",
    summary: "real Kafka and Mosquitto on this machine, for development and tests; Prometheus too",
    notes: `Kafka needs Java 17 and Maven, Mosquitto and
Prometheus their Debian packages; root on a Debian gets them installed. Downloads go to .cache, or to the folder in
WATTSTREAM_CACHE.`,
    commands: { up: runUp, down: runDown, status: runStatus },
  }, source);
}

const runUp = command({
  summary: "starts what does not run yet, empty, on free ports of 127.0.0.1, until it serves",
  config: upConfig,
  async run(config) {
    const services = await up(config, printError);
    if (config.json) {
      const urls = [...services].map(([name, { url }]) => [URL_KEYS[name], url]);
      print(JSON.stringify(Object.fromEntries(urls)));
      return;
    }
    for (const [name, { url }] of services) print(`${name.padEnd(10)}  ${url}`);
    printError(`Logs are in ${config.servicesFolder}. Stop with: deno task services down`);
  },
});

const runDown = command({
  summary: "stops what up started",
  config: downConfig,
  async run(config) {
    const stopped = await down(config, config.json ? printError : print);
    if (!config.json) return;
    print(JSON.stringify({ stopped: stopped.map((name) => URL_KEYS[name]) }));
  },
});

const runStatus = command({
  summary: "what runs, and whether it is well; exit code 1 where something is not",
  config: statusConfig,
  async run(config) {
    const services = await status(config);
    if (config.json) {
      const byKey = services.map(({ name, ...service }) => [URL_KEYS[name], service]);
      print(JSON.stringify(Object.fromEntries(byKey)));
    } else {
      print(services.length === 0 ? "Nothing runs" : services.map(render).join("\n"));
    }
    return services.every(({ healthy }) => healthy) ? 0 : 1;
  },
});

function render({ name, url, healthy, problems, processes }: ServiceStatus): string {
  const pids = processes.map(({ pid }) => pid).join(", ");
  const state = healthy ? "healthy" : "unwell";
  return [`${name.padEnd(10)}  ${url}  ${state}  pid ${pids}`, ...problems].join("\n    ");
}
