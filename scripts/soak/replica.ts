/** One replica of a stream worker: a supervised process, and how it reaches Kafka. */
import type { KafkaLink } from "../../shared/services/kafka_links.ts";
import { eventually } from "../../shared/eventually.ts";
import { CounterTotals } from "../dev/worker_metrics.ts";
import { SupervisedWorker, type WorkerListener } from "../dev/supervised_worker.ts";

/** The stream workers, whose names are their groups'. */
export const GROUPS = ["predictions", "training", "disaggregation"] as const;
export type Group = typeof GROUPS[number];

const KILL_DEADLINE = { deadlineMs: 10_000, intervalMs: 10 };

export interface ReplicaOptions {
  /** Worker and number, for example `predictions-1`. */
  readonly name: string;
  readonly worker: string;
  readonly args: readonly string[];
  readonly env: Readonly<Record<string, string>>;
  readonly logPath: string;
  /** Where its network can stall. */
  readonly link?: KafkaLink | undefined;
  readonly listener: WorkerListener;
}

export class Replica {
  readonly name: string;
  readonly worker: SupervisedWorker;
  readonly link: KafkaLink | undefined;

  /** Starts it. */
  constructor({ name, worker, args, env, logPath, link, listener }: ReplicaOptions) {
    this.name = name;
    this.link = link;
    this.worker = new SupervisedWorker(
      {
        name: worker,
        args: [...args, "--http", "127.0.0.1:0", "--log-level", "info", "--log-format", "json"],
        env,
        logPath,
        endsByItself: false,
      },
      {
        line: (_, line) => listener.line(name, line),
        died: (_, what, pauseMs) => listener.died(name, what, pauseMs),
        restarted: (_, pid) => listener.restarted(name, pid),
      },
      new CounterTotals(),
    );
  }

  /** Tasks that it has, as far as it has said. */
  get taskCount(): number {
    return this.worker.counters.now("wattstream_tasks");
  }

  /** SIGKILL; resolves once it has gone. Its supervisor starts it again. */
  async kill(): Promise<void> {
    const { pid } = this.worker;
    if (pid === undefined) return; // it is between two lives
    Deno.kill(pid, "SIGKILL");
    await eventually(() => {
      if (this.worker.pid === pid) throw new Error(`${this.name} (${pid}) still runs`);
    }, KILL_DEADLINE);
  }

  /** SIGSTOP; returns what makes it go on. */
  freeze(): () => void {
    const { pid } = this.worker;
    if (pid === undefined) return () => {}; // it is between two lives
    Deno.kill(pid, "SIGSTOP");
    return () => Deno.kill(pid, "SIGCONT");
  }
}
