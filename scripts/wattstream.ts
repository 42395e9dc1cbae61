/** The `wattstream` command, for hosts that have no working copy: every worker, and the tools beside them. */
import type { ConfigSource } from "../shared/service/config.ts";
import { runWorker } from "../shared/service/program.ts";
import { print, printError } from "../shared/service/terminal.ts";
import { VERSION } from "../shared/service/version.ts";
import { plain } from "../shared/service/secrets.ts";

type Run = (source: ConfigSource) => Promise<number>;

const environment = {
  nowMs: Date.now,
  elapsedMs: () => performance.now(),
  random: Math.random,
  env: (name: string) => Deno.env.get(name),
};

/** Loaded when it is run: no worker waits for another's libraries. */
const COMMANDS: Readonly<Record<string, { readonly summary: string; load(): Promise<Run> }>> = {
  bridge: {
    summary: "takes readings and device states from MQTT into the log",
    async load() {
      const { runBridge } = await import("../workers/bridge/program.ts");
      return (source) => runBridge(environment, source);
    },
  },
  predictions: {
    summary: "turns readings into sliding windows of each household",
    async load() {
      const { predictionsProgram } = await import("../workers/predictions/worker.ts");
      return (source) => runWorker(predictionsProgram(environment), source);
    },
  },
  training: {
    summary: "turns readings and device states into labelled datasets",
    async load() {
      const { trainingProgram } = await import("../workers/training/worker.ts");
      return (source) => runWorker(trainingProgram(environment), source);
    },
  },
  disaggregation: {
    summary: "learns each household's devices, and says live which are on",
    async load() {
      const { disaggregationProgram } = await import("../workers/disaggregation/worker.ts");
      return (source) => runWorker(disaggregationProgram(environment), source);
    },
  },
  publisher: {
    summary: "tells households over MQTT which of their devices are on, and what they have used",
    async load() {
      const { publisherProgram } = await import("../workers/publisher/worker.ts");
      return (source) => runWorker(publisherProgram(environment), source);
    },
  },
  simulator: {
    summary: "households that publish, simulated or recorded",
    async load() {
      const { simulatorProgram } = await import("../workers/simulator/worker.ts");
      return (source) => runWorker(simulatorProgram(environment), source);
    },
  },
  gateway: {
    summary: "reads what real devices publish on a local broker, and publishes households' events",
    async load() {
      const { runGateway } = await import("../workers/gateway/program.ts");
      return (source) => runGateway(environment, source);
    },
  },
  console: {
    summary: "a web page on which people watch the system and their households",
    async load() {
      const { consoleProgram } = await import("../workers/console/worker.ts");
      return (source) => runWorker(consoleProgram(environment), source);
    },
  },
  dev: {
    summary: "says how to run everything on one machine, which takes a working copy",
    load: () => Promise.resolve(explainDev),
  },
  topics: {
    summary: "a look into the log",
    load: async () => (await import("./topics/command.ts")).runTopics,
  },
  top: {
    summary: "how a running system does: tasks, lag, rates",
    load: async () => (await import("./top/command.ts")).runTop,
  },
  "dead-letters": {
    summary: "what was refused, and a second chance for it",
    load: async () => (await import("./dead_letters/command.ts")).runDeadLetters,
  },
  datasets: {
    summary: "what the log holds for training, and as files",
    load: async () => (await import("./datasets/command.ts")).runDatasets,
  },
  households: {
    summary: "what becomes of one household's records",
    load: async () => (await import("./households/command.ts")).runHouseholds,
  },
  users: {
    summary: "who may publish, at Mosquitto or EMQX",
    load: async () => (await import("./users/command.ts")).runUsers,
  },
};

/** `deno task dev` starts each worker as a process, so that it can kill it; here that is not allowed. */
function explainDev(): Promise<number> {
  printError([
    "wattstream dev: this command may start no other program, and dev starts every worker as one.",
    `In a working copy:  npx -y deno@${Deno.version.deno} task dev`,
    "On a host:          wattstream topics create, then bridge, predictions, training and",
    "                    disaggregation, each by itself, as deploy/systemd has them",
  ].join("\n"));
  return Promise.resolve(2);
}

async function main(source: ConfigSource): Promise<number> {
  const [name, ...args] = source.args;
  if (name === "--version") {
    print(`wattstream ${VERSION}`);
    return 0;
  }
  if (name !== undefined && Object.hasOwn(COMMANDS, name)) {
    const run = await COMMANDS[name]!.load();
    return await run({ ...source, args });
  }
  const isAsked = name === "--help" || name === "-h";
  (isAsked ? print : printError)(usage());
  if (!isAsked && name !== undefined) printError(`\nThere is no ${plain(name)}.`);
  return isAsked ? 0 : 2;
}

function usage(): string {
  const width = Math.max(...Object.keys(COMMANDS).map((name) => name.length));
  return [
    `wattstream ${VERSION}`,
    "",
    "Usage: wattstream COMMAND [flags]",
    "",
    ...Object.entries(COMMANDS).map(([name, { summary }]) => `  ${name.padEnd(width)}  ${summary}`),
    "",
    "Each has its own --help.",
  ].join("\n");
}

if (import.meta.main) {
  Deno.exit(await main({ args: Deno.args, env: environment.env }));
}
