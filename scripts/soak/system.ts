/**
 * Everything that a campaign is made of: real Kafka and Mosquitto, simulator, bridge, and replicas of
 * the stream workers, each a process of its own.
 *
 *   simulator ─▶ Mosquitto ─▶ bridge ─▶ Kafka ◀─┬── predictions-1, training-1, disaggregation-1
 *                                               │   (by links that can stall)
 *                                               └── predictions-2, training-2, disaggregation-2, …
 */
import { z } from "zod";
import type { Log, TopicDescription } from "../../shared/log/log.ts";
import { COMMAND_PATIENCE_MS, openLog } from "../../shared/log/open.ts";
import { type Kafka, startKafka } from "../../shared/services/kafka.ts";
import { type Mosquitto, startMosquitto } from "../../shared/services/mosquitto.ts";
import { mqttFlags, mqttOptions } from "../../shared/mqtt/flags.ts";
import { wattstreamTopics } from "../../shared/topics.ts";
import { keptClientId } from "../../workers/bridge/client_id.ts";
import type { RunningSystem } from "../dev/drain.ts";
import { SupervisedWorker, type WorkerListener } from "../dev/supervised_worker.ts";
import { subscriptionFilters } from "../../workers/bridge/config.ts";
import type { Session } from "../dev/left_in_broker.ts";
import { acknowledgedOf } from "../dev/system.ts";
import { CounterTotals } from "../dev/worker_metrics.ts";
import type { SoakConfig } from "./config.ts";
import { type Group, GROUPS, Replica } from "./replica.ts";
import { SOAK_SEMANTICS } from "./semantics.ts";

const mqttSchema = z.object(mqttFlags);

export interface SoakOptions {
  readonly config: SoakConfig;
  readonly seed: number;
  /** Takes logs and data. */
  readonly folder: string;
  readonly env: Readonly<Record<string, string>>;
  readonly listener: WorkerListener;
  readonly print: (text: string) => void;
}

export class SoakSystem implements RunningSystem {
  readonly kafka: Kafka;
  readonly mosquitto: Mosquitto;
  readonly log: Log;
  readonly before: readonly TopicDescription[];
  /** Mosquitto is not asked what it still has for the bridge. */
  readonly broker = undefined;
  readonly bridgeClientId: string;
  /** The bridge, supervised as the replicas are. */
  readonly bridgeReplica: Replica;
  readonly replicas: Record<Group, Replica[]> = {
    predictions: [],
    training: [],
    disaggregation: [],
  };
  simulator: SupervisedWorker | undefined;
  readonly #options: SoakOptions;
  readonly #startedCounts = { predictions: 0, training: 0, disaggregation: 0 };

  private constructor(options: SoakOptions, parts: Parts) {
    this.#options = options;
    this.kafka = parts.kafka;
    this.mosquitto = parts.mosquitto;
    this.log = parts.log;
    this.before = parts.before;
    const bridgeState = `${options.folder}/bridge`;
    this.bridgeClientId = keptClientId(bridgeState);
    this.bridgeReplica = this.#startReplica("bridge", "bridge", [
      ...["--log", this.kafka.url, "--mqtt", this.mosquitto.url],
      ...["--state", bridgeState],
    ]);
    for (const group of GROUPS) {
      for (let count = 0; count < options.config.replicas; count++) this.addReplica(group);
    }
  }

  /** @throws WattstreamError `unavailable` where Kafka or Mosquitto does not start. */
  static async open(options: SoakOptions): Promise<SoakSystem> {
    const { config, folder, print } = options;
    await using opening = new AsyncDisposableStack();
    await Deno.mkdir(`${folder}/logs`, { recursive: true });
    const kafka = await startKafka({
      brokers: config.brokers === "3" ? 3 : 1,
      linkCount: GROUPS.length,
      folder: `${folder}/kafka`,
      optimized: config.rounds === undefined,
      report: print,
    });
    opening.defer(() => kafka.stop());
    const mosquitto = await startMosquitto({ folder: `${folder}/mosquitto`, report: print });
    opening.defer(() => mosquitto.stop());
    const log = await openLog(kafka.url, { patienceMs: COMMAND_PATIENCE_MS });
    opening.defer(() => log.close());
    await log.createTopics(wattstreamTopics(config.partitions));
    const before = await log.describe();
    opening.move();
    return new SoakSystem(options, { kafka, mosquitto, log, before });
  }

  /** The bridge's session at the broker. */
  async bridgeSession(): Promise<Session> {
    const mqtt = mqttSchema.parse({ mqtt: this.mosquitto.url });
    return {
      mqtt: await mqttOptions(mqtt),
      clientId: this.bridgeClientId,
      filters: subscriptionFilters({ ...mqtt, group: undefined }),
    };
  }

  get bridge(): SupervisedWorker {
    return this.bridgeReplica.worker;
  }

  get allReplicas(): Replica[] {
    return GROUPS.flatMap((group) => this.replicas[group]);
  }

  get streamWorkers(): SupervisedWorker[] {
    return this.allReplicas.map(({ worker }) => worker);
  }

  /** The first one of a group gets the group's link. */
  addReplica(group: Group): Replica {
    const number = ++this.#startedCounts[group];
    const link = number === 1 ? this.kafka.links[GROUPS.indexOf(group)] : undefined;
    const timeout = `${this.#options.config.sessionTimeoutMs}ms`;
    const name = `${group}-${number}`;
    const flags = ["--kafka-instance", name, "--kafka-session-timeout", timeout];
    const replica = this.#startReplica(
      group,
      name,
      [
        ...["--log", link?.url ?? this.kafka.url, ...flags],
        ...(group === "training" ? ["--min-duration", `${SOAK_SEMANTICS.minDurationS}s`] : []),
      ],
      link,
    );
    this.replicas[group].push(replica);
    return replica;
  }

  /** SIGTERM; resolves once it has drained and ended. */
  async removeReplica(group: Group, replica: Replica): Promise<void> {
    this.replicas[group] = this.replicas[group].filter((other) => other !== replica);
    await replica.worker.stop();
  }

  /** Households publish from now on. */
  startSimulator(): void {
    const { config, seed, env, folder, listener } = this.#options;
    const simulator = new SupervisedWorker(
      {
        name: "simulator",
        args: [
          ...["--mqtt", this.mosquitto.url, "--users", String(config.households)],
          ...[
            "--seed",
            String(seed),
            "--http",
            "127.0.0.1:0",
            "--log-level",
            "info",
            "--log-format",
            "json",
          ],
        ],
        env,
        logPath: `${folder}/logs/simulator.log`,
        endsByItself: true,
      },
      {
        ...listener,
        line: (worker, line) => {
          // Its last word is exact, where the last look at its counters may be older.
          if (line.message === "finished") simulator.counters.take(acknowledgedOf(line));
          listener.line(worker, line);
        },
      },
      new CounterTotals(),
    );
    this.simulator = simulator;
  }

  /** Kills whatever still runs. */
  async close(): Promise<void> {
    const workers = [this.bridge, ...this.streamWorkers];
    if (this.simulator !== undefined) workers.push(this.simulator);
    for (const worker of workers) worker.kill();
    await Promise.allSettled(workers.map((worker) => worker.over));
    await this.log.close();
    await this.mosquitto.stop();
    await this.kafka.stop();
  }

  #startReplica(
    worker: string,
    name: string,
    args: readonly string[],
    link?: Replica["link"],
  ): Replica {
    const { env, folder, listener } = this.#options;
    const logPath = `${folder}/logs/${name}.log`;
    return new Replica({ name, worker, args, env, logPath, link, listener });
  }
}

interface Parts {
  readonly kafka: Kafka;
  readonly mosquitto: Mosquitto;
  readonly log: Log;
  readonly before: readonly TopicDescription[];
}
