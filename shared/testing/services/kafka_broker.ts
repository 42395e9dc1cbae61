/** One Kafka broker: a process that can be killed, suspended and brought back as it was. */
import { WattstreamError } from "../../errors.ts";
import type { BrokerAddress } from "./kafka_config.ts";
import { javaArgs } from "./kafka_install.ts";
import {
  isRunning,
  killProcess,
  type ProcessIdentity,
  signalProcess,
  startProcess,
  stopProcess,
} from "./process.ts";

const STOP_DEADLINE_MS = 20_000;

export interface KafkaBrokerOptions {
  readonly address: BrokerAddress;
  /** Holds `server.properties` and takes `broker.log`. */
  readonly folder: string;
  readonly classPath: string;
  readonly outlives: boolean;
  /** Resolves once the broker serves. */
  readonly untilReady: (broker: KafkaBroker) => Promise<void>;
}

export class KafkaBroker {
  readonly id: number;
  /** Of the open listener. */
  readonly port: number;
  readonly logPath: string;
  readonly #options: KafkaBrokerOptions;
  #process: ProcessIdentity | undefined;

  constructor(options: KafkaBrokerOptions) {
    this.#options = options;
    this.id = options.address.id;
    this.port = options.address.port;
    this.logPath = `${options.folder}/broker.log`;
  }

  /** @throws WattstreamError `invariant` while it does not run. */
  get process(): ProcessIdentity {
    if (this.#process !== undefined) return this.#process;
    throw new WattstreamError("invariant", `Start broker ${this.id} first: it does not run`);
  }

  get pid(): number {
    return this.process.pid;
  }

  async isRunning(): Promise<boolean> {
    return this.#process !== undefined && await isRunning(this.#process);
  }

  /** Starts the process without waiting for it to serve. */
  async launch(): Promise<void> {
    const { classPath, folder, outlives } = this.#options;
    this.#process = await startProcess({
      command: "java",
      args: [
        ...javaArgs(classPath, { heap: "512m", className: "kafka.Kafka" }),
        `${folder}/server.properties`,
      ],
      logPath: this.logPath,
      outlives,
    });
  }

  /** Starts it, on the same port and data as before, and resolves once it serves. */
  async start(): Promise<void> {
    await this.launch();
    await this.#options.untilReady(this);
  }

  /** Shuts it down as an operator would. */
  async stop(): Promise<void> {
    if (this.#process !== undefined) await stopProcess(this.#process, STOP_DEADLINE_MS);
    this.#process = undefined;
  }

  /** SIGKILL. */
  async kill(): Promise<void> {
    if (this.#process !== undefined) await killProcess(this.#process);
    this.#process = undefined;
  }

  /** SIGSTOP: it holds its connections and answers nothing. */
  async suspend(): Promise<void> {
    await signalProcess(this.process, "SIGSTOP");
  }

  /** SIGCONT. */
  async resume(): Promise<void> {
    await signalProcess(this.process, "SIGCONT");
  }
}
