/**
 * Whether the two sides of the bridge work: `/readyz` says so, and the log does, once when it
 * changes and at most every 10 s while it lasts.
 */
import type { Readiness } from "../../shared/service/http.ts";
import { atMostEvery, type Logger } from "../../shared/service/logger.ts";
import type { Metrics } from "../../shared/service/metrics.ts";
import type { bridgeMetrics, DropReason, SessionLoss } from "./metrics.ts";

export interface StatusParts {
  readonly logger: Logger;
  readonly readiness: Readiness;
  readonly metrics: Metrics<typeof bridgeMetrics>;
}

export class Status {
  readonly #parts: StatusParts;
  readonly #log: Side;
  readonly #broker: Side;
  readonly #losses = new Map<DropReason, { count: number; readonly complain: () => void }>();
  readonly #sessionComplaints: Readonly<Record<SessionLoss, () => void>>;
  readonly #complainOfDrops: () => void;
  #brokerDropped = 0;
  readonly #nowMs: () => number;
  #isStopping = false;
  #wasConnected = false;

  constructor(parts: StatusParts, nowMs: () => number) {
    this.#nowMs = nowMs;
    this.#parts = parts;
    this.#log = new Side("log", parts.logger, nowMs);
    this.#broker = new Side("broker", parts.logger, nowMs);
    const complaintOf = (how: SessionLoss) =>
      atMostEvery((suppressed) => {
        parts.logger.error(SESSION_LOSSES[how], { suppressed });
      }, nowMs);
    this.#complainOfDrops = atMostEvery(() => {
      parts.logger.error(BROKER_DROPS, { dropped_so_far: this.#brokerDropped });
    }, nowMs);
    this.#sessionComplaints = { lost: complaintOf("lost"), taken: complaintOf("taken") };
  }

  /** Why the log takes no records, or `undefined` when it does. */
  log(problem: string | undefined): void {
    this.#log.set(problem);
    this.#show();
  }

  /** Why no messages come from the broker, or `undefined` while connected and subscribed. */
  broker(problem: string | undefined): void {
    const isBack = problem === undefined && this.#broker.problem !== undefined;
    if (isBack && this.#wasConnected) {
      this.#parts.metrics.add("wattstream_bridge_reconnects_total", 1);
    }
    this.#wasConnected ||= isBack;
    if (!this.#isStopping) this.#broker.set(problem);
    this.#parts.metrics.set("wattstream_bridge_connected", problem === undefined ? 1 : 0);
    this.#show();
  }

  /** Messages are lost. */
  dropped(reason: DropReason, count: number): void {
    const loss = this.#losses.get(reason) ?? { count: 0, complain: this.#complaintOf(reason) };
    this.#losses.set(reason, loss);
    loss.count += count;
    loss.complain();
  }

  /** What the broker kept for us is lost, or another client's. */
  sessionLost(how: SessionLoss): void {
    this.#parts.metrics.add("wattstream_bridge_session_lost_total", 1, { how });
    this.#sessionComplaints[how]();
  }

  /** The broker says that it dropped messages, of whichever client. */
  brokerDropped(count: number): void {
    this.#parts.metrics.add("wattstream_bridge_broker_dropped_total", count);
    this.#brokerDropped += count;
    this.#complainOfDrops();
  }

  /** From now on the bridge is not ready, and leaving the broker is nothing to report. */
  stopping(): void {
    this.#isStopping = true;
    this.#show();
  }

  #complaintOf(reason: DropReason): () => void {
    return atMostEvery(() => {
      const loss = this.#losses.get(reason);
      this.#parts.logger.error(LOSSES[reason], { lost_so_far: loss?.count });
    }, this.#nowMs);
  }

  #show(): void {
    const problem = this.#isStopping ? "stopping" : this.#log.problem ?? this.#broker.problem;
    if (problem === undefined) this.#parts.readiness.ready();
    else this.#parts.readiness.unready(problem);
  }
}

const LOSSES: Readonly<Record<DropReason, string>> = {
  buffer_full: "lost messages of QoS 0: the buffer is full; give the bridge a --spool",
  spool_full: "lost messages of QoS 0: the spool is full; raise --spool-bytes",
  spool_failed: "lost messages: the spool's disk fails; free or mend it",
};

const BROKER_DROPS =
  "the broker has dropped messages, ours or another client's, since a queue was " +
  "full: have it keep more for a client that is away";

const SESSION_LOSSES: Readonly<Record<SessionLoss, string>> = {
  lost:
    "the broker no longer has our session, nor what it kept for us: have it keep sessions over a " +
    "restart, raise --session-expiry; where neither is the cause, give this bridge a new client id",
  taken: "another client has taken our session, and messages with it: end that client, " +
    "or give this bridge a new client id, which nobody else knows",
};

/** One side: the log or the broker. */
class Side {
  problem: string | undefined;
  readonly #name: string;
  readonly #logger: Logger;
  readonly #complain: () => void;

  constructor(name: string, logger: Logger, nowMs: () => number) {
    this.problem = `waiting for the ${name}`;
    this.#name = name;
    this.#logger = logger;
    this.#complain = atMostEvery((suppressed) => {
      logger.warn(`waiting for the ${name}`, { problem: this.problem, suppressed });
    }, nowMs);
  }

  set(problem: string | undefined): void {
    const before = this.problem;
    this.problem = problem;
    if (problem !== undefined) this.#complain();
    else if (before !== undefined) this.#logger.info(`the ${this.#name} is there`);
  }
}
