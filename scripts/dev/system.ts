/**
 * Everything that a run is made of: folder, log, topics, broker, and the workers, each a process of
 * its own. Closing it leaves nothing behind, whatever state it is in.
 */
import { existsSync, statSync } from "node:fs";
import { checkAtStart } from "../../shared/log/sqlite/salvage.ts";
import { POWER_TOPIC, wattstreamTopics } from "../../shared/topics.ts";
import type { Log, TopicDescription } from "../../shared/log/log.ts";
import { COMMAND_PATIENCE_MS, openLog } from "../../shared/log/open.ts";
import type { BrokerListener } from "../../shared/mqtt/broker_sessions.ts";
import { type EmbeddedBroker, startEmbeddedBroker } from "../../shared/mqtt/embedded_broker.ts";
import { keptClientId } from "../../workers/bridge/client_id.ts";
import { forgetSession } from "../../workers/bridge/session_record.ts";
import type { DevConfig } from "./config.ts";
import { retentionOf } from "../retention.ts";
import { openRunFolder, type RunFolder } from "./folder.ts";
import { mqttOptions } from "../../shared/mqtt/flags.ts";
import { subscriptionFilters } from "../../workers/bridge/config.ts";
import type { Session } from "./left_in_broker.ts";
import { SupervisedWorker, type WorkerListener } from "./supervised_worker.ts";
import { CounterTotals } from "./worker_metrics.ts";
import type { WorkerLine } from "./worker_process.ts";
import { portsOf } from "./worker_addresses.ts";

/** How long a broker of others keeps messages for our bridge, which may be starting again. */
const SESSION_EXPIRY = "60s";

export interface SystemOptions {
  readonly config: DevConfig;
  /** Variables that the workers get beside those of this process. */
  readonly variables: Readonly<Record<string, string>>;
  readonly env: Readonly<Record<string, string>>;
  readonly listener: WorkerListener;
  readonly brokerListener: (bridgeClientId: string) => BrokerListener;
  /** Hears the topic of each message at the embedded broker. */
  readonly onPublished: (topic: string) => void;
  /** HOST:PORT of the console, undefined for none. */
  readonly consoleAddress: string | undefined;
  /** A number in [0, 1). */
  readonly random: () => number;
  /** Flags of the simulator in place of `--users` for all households at once. */
  readonly rampArgs?: readonly string[];
}

export class DevSystem {
  readonly folder: RunFolder;
  readonly log: Log;
  /** Undefined where the broker is another's. */
  readonly broker: EmbeddedBroker | undefined;
  readonly mqttUrl: string;
  readonly bridgeClientId: string;
  /** The topics as they were when the run began. */
  readonly before: readonly TopicDescription[];
  readonly bridge: SupervisedWorker;
  readonly predictions: SupervisedWorker;
  readonly training: SupervisedWorker;
  /** Undefined with `--no-disaggregation`. */
  readonly disaggregation: SupervisedWorker | undefined;
  /** Undefined with `--no-console`. */
  readonly console: SupervisedWorker | undefined;
  /** Where households are told what was found out: undefined where nothing is, or not at our broker. */
  readonly publisher: SupervisedWorker | undefined;
  /** Once it publishes. */
  simulator: SupervisedWorker | undefined;
  readonly #options: SystemOptions;
  readonly #ports: ReadonlyMap<string, number>;

  private constructor(options: SystemOptions, parts: Parts) {
    this.#options = options;
    this.folder = parts.folder;
    this.log = parts.log;
    this.broker = parts.broker;
    this.before = parts.before;
    this.mqttUrl = parts.broker?.url ?? options.config.mqtt!;
    this.bridgeClientId = parts.bridgeClientId;
    const { suffix } = parts;
    this.#ports = portsOf(options.config);
    const isOwn = parts.broker !== undefined;
    this.bridge = this.#start("bridge", [
      ...["--log", this.folder.logUrl, ...this.#mqttArgs(), "--state", bridgeStateIn(this.folder)],
      ...(isOwn ? [] : ["--session-expiry", SESSION_EXPIRY]),
    ]);
    this.predictions = this.#startStreamWorker("predictions", suffix);
    this.training = this.#startStreamWorker("training", suffix);
    this.disaggregation = options.config.noDisaggregation
      ? undefined
      : this.#startStreamWorker("disaggregation", suffix);
    this.publisher = options.config.noDisaggregation || !isOwn
      ? undefined
      : this.#startStreamWorker("publisher", suffix, this.#mqttArgs());
    this.console = options.consoleAddress === undefined
      ? undefined
      : this.#startConsole(options.consoleAddress);
  }

  /** @throws WattstreamError `config`, `topic`, `auth` or `unavailable` where a part cannot be. */
  static async open(options: SystemOptions): Promise<DevSystem> {
    const { config } = options;
    await using opening = new AsyncDisposableStack();
    const folder = await openRunFolder({ data: config.data, logUrl: config.log });
    opening.defer(() => folder.close(false));
    checkFile(folder.logUrl);
    const log = await openLog(folder.logUrl, { ...config, patienceMs: COMMAND_PATIENCE_MS });
    opening.defer(() => log.close());
    await log.createTopics(wattstreamTopics(config.partitions, retentionOf(config)));
    const before = await log.describe();
    const suffix = Math.floor(options.random() * 2 ** 32).toString(16);
    const bridgeClientId = keptClientId(bridgeStateIn(folder));
    // The session of a former run ended with that run, or its broker.
    forgetSession(bridgeStateIn(folder));
    const broker = config.mqtt === undefined
      ? await startEmbeddedBroker({
        port: config.mqttPort,
        keepAllFor: bridgeClientId,
        listener: options.brokerListener(bridgeClientId),
        onPublished: options.onPublished,
      })
      : undefined;
    opening.move();
    return new DevSystem(options, { folder, log, broker, before, suffix, bridgeClientId });
  }

  get consoleAddress(): string | undefined {
    return this.#options.consoleAddress;
  }

  get streamWorkers(): SupervisedWorker[] {
    return [this.predictions, this.training, this.disaggregation, this.publisher]
      .filter((worker) => worker !== undefined);
  }

  /** Those without which there is no run. */
  get workers(): SupervisedWorker[] {
    const others = [this.bridge, ...this.streamWorkers];
    return this.simulator === undefined ? others : [this.simulator, ...others];
  }

  /** The same, and the console. */
  get processes(): SupervisedWorker[] {
    return this.console === undefined ? this.workers : [...this.workers, this.console];
  }

  /** The bridge's session at the broker. */
  async bridgeSession(): Promise<Session> {
    const { config } = this.#options;
    const mqttVersion = this.broker === undefined ? config.mqttVersion : "3.1.1";
    return {
      mqtt: await mqttOptions({ ...config, mqtt: this.mqttUrl, mqttVersion }),
      clientId: this.bridgeClientId,
      filters: subscriptionFilters({ ...config, group: undefined }),
    };
  }

  /** Households, or a recording, publish from now on. */
  startSimulator(): SupervisedWorker {
    const { config, rampArgs = ["--users", String(config.households)] } = this.#options;
    const args = [...this.#mqttArgs(), ...rampArgs];
    const simulator = this.#start("simulator", args, (line) => {
      // Its last word is exact, where the last look at its counters may be a second old.
      if (line.message === "finished") simulator.counters.take(acknowledgedOf(line));
    });
    this.simulator = simulator;
    return simulator;
  }

  /** Kills what still runs, and closes the rest. @param keep a temporary folder, to look into. */
  async close(keep: boolean): Promise<void> {
    for (const process of this.processes) process.kill();
    await Promise.allSettled(this.processes.map((process) => process.over));
    await this.broker?.close();
    await this.log.close();
    await this.folder.close(keep);
  }

  /** The URL of a broker of others may hold a password: it is among the variables, not for `ps`. */
  #mqttArgs(): string[] {
    return this.broker === undefined ? [] : ["--mqtt", this.mqttUrl, "--mqtt-version", "3.1.1"];
  }

  /** Named in its group, so that it goes on at once where it died and is started again. */
  #startStreamWorker(
    name: string,
    suffix: string,
    args: readonly string[] = [],
  ): SupervisedWorker {
    const instance = `${name}-dev-${suffix}`;
    return this.#start(name, ["--log", this.folder.logUrl, "--kafka-instance", instance, ...args]);
  }

  #startConsole(address: string): SupervisedWorker {
    const { disaggregation, publisher } = this;
    const left = Object.entries({ disaggregation, publisher })
      .filter(([, worker]) => worker === undefined).map(([name]) => name);
    const workers = [...this.#ports].filter(([name]) => ![...left, "console"].includes(name));
    const addresses = workers.map(([name, port]) => `${name}=127.0.0.1:${port}`);
    return this.#start("console", [
      ...["--log", this.folder.logUrl, "--console", address, "--workers", addresses.join(",")],
      ...this.#mqttArgs(),
    ]);
  }

  #start(
    name: string,
    args: readonly string[],
    onLine: (line: WorkerLine) => void = () => {},
  ): SupervisedWorker {
    const { env, variables, listener } = this.#options;
    const port = this.#ports.get(name) ?? 0;
    const settings = {
      name,
      args: [...args, "--http", `127.0.0.1:${port}`, "--log-level", "info", "--log-format", "json"],
      env: workerEnv({ ...env, ...variables }),
      logPath: this.folder.workerLogPath(name),
      endsByItself: name === "simulator",
    };
    return new SupervisedWorker(settings, {
      ...listener,
      line(worker, line) {
        onLine(line);
        listener.line(worker, line);
      },
    }, new CounterTotals());
  }
}

/** A file of a former run, which may have been damaged since. */
function checkFile(logUrl: string): void {
  const path = logUrl.startsWith("sqlite:") ? logUrl.slice("sqlite:".length) : undefined;
  if (path !== undefined && existsSync(path) && statSync(path).size > 0) checkAtStart(path);
}

interface Parts {
  readonly folder: RunFolder;
  readonly log: Log;
  readonly broker: EmbeddedBroker | undefined;
  readonly before: readonly TopicDescription[];
  /** Ends our names, unlike those of another run on the same broker or Kafka. */
  readonly suffix: string;
  readonly bridgeClientId: string;
}

/** The bridge's own folder, of which the next run on the same data goes on. */
function bridgeStateIn(folder: RunFolder): string {
  return `${folder.path}/bridge`;
}

/** The end of the run is ours to decide: a simulator that is restarted would count anew. */
function workerEnv(env: Readonly<Record<string, string>>): Record<string, string> {
  const { WATTSTREAM_DURATION: _, ...rest } = env;
  return { ...rest, NO_COLOR: "1" };
}

const ACKNOWLEDGED = {
  readings: "wattstream_simulator_readings_acknowledged_total",
  states: "wattstream_simulator_states_acknowledged_total",
};

/** What the simulator's last line says of it, as series. */
export function acknowledgedOf(line: WorkerLine): Map<string, number> {
  return new Map([
    [ACKNOWLEDGED.readings, Number(line.readings)],
    [ACKNOWLEDGED.states, Number(line.states)],
  ]);
}

/** Publications of this run that the broker has acknowledged. */
export function acknowledgedBy(
  simulator: SupervisedWorker | undefined,
): { readonly readings: number; readonly states: number } {
  return {
    readings: simulator?.counters.total(ACKNOWLEDGED.readings) ?? 0,
    states: simulator?.counters.total(ACKNOWLEDGED.states) ?? 0,
  };
}

/** Partitions of the input topics, and so tasks of each stream worker. */
export function partitionCountOf(topics: readonly TopicDescription[]): number {
  return topics.find(({ name }) => name === POWER_TOPIC)?.partitions.length ?? 0;
}
