/**
 * Membership of a consumer group (the classic protocol): which tasks are ours, and in which generation
 * of the group. The tasks themselves go on while the group rearranges itself; what they lost they
 * learn when the new assignment is there, and a commit under an old generation is refused by the
 * broker.
 *
 *   join ─▶ [leader: assign] ─▶ sync ─▶ assigned(generation 7) ─▶ heartbeat … heartbeat ─┐
 *    ▲                                                                                   │
 *    └──────────────────── the group rearranges itself, or has forgotten us ◀────────────┘
 *
 * A member with an instance name (static membership) that was killed and comes back within the
 * session timeout takes its former place, and its tasks, at once: the group does not rearrange itself.
 */
import { ResponseError } from "@platformatic/kafka";
import { WattstreamError } from "../../../errors.ts";
import { assignTasks } from "./assigner.ts";
import type { Cluster } from "../cluster/cluster.ts";
import { Connections } from "../cluster/connections.ts";
import { brokerCodes, isStaleGeneration } from "../cluster/errors.ts";
import { decodeAssignment, decodeClaim, encodeAssignment, encodeClaim } from "./group_messages.ts";
import * as protocol from "../cluster/protocol.ts";
import { pause } from "../../../pause.ts";
import { untilDone } from "../cluster/wait.ts";

type JoinGroupResponse = Awaited<ReturnType<typeof protocol.joinGroup.async>>;

/** Name of our way to assign, so that a member of another kind cannot join. */
const ASSIGNER = "wattstream";
const PROTOCOL_TYPE = "consumer";

/** Heartbeats in a session timeout. */
const HEARTBEATS_PER_SESSION = 10;
const HEARTBEAT_MS_MAX = 1_000;
/** How long leaving may take; who cannot say goodbye is missed after the session timeout. */
const LEAVE_MS_MAX = 2_000;

/** A member as its group knows it. */
export interface GroupMember {
  readonly memberId: string;
  readonly generationId: number;
  /** The name it keeps from one process to the next; null where it has none. */
  readonly instanceId: string | null;
}

/** What a membership is of. */
export interface MembershipOptions {
  readonly group: string;
  readonly topics: readonly string[];
  readonly taskCount: number;
  /** Called with every assignment, the tasks ascending. */
  readonly onAssigned: (tasks: readonly number[]) => void;
}

export class Membership {
  readonly #cluster: Cluster;
  readonly #options: MembershipOptions;
  readonly #connections: Connections;
  readonly #instanceId: string | null;
  readonly #target;
  readonly #stopped = new AbortController();
  #memberId = "";
  #generationId = -1;
  #tasks: readonly number[] = [];
  #waiters: (() => void)[] = [];

  constructor(cluster: Cluster, options: MembershipOptions) {
    this.#cluster = cluster;
    this.#options = options;
    this.#connections = new Connections(cluster.settings);
    this.#instanceId = cluster.settings.instanceId ?? null;
    this.#target = {
      kind: "group",
      key: options.group,
      action: { operation: "READ", resource: `group ${options.group}` },
    } as const;
  }

  /** Who we are in the group, as of the last assignment. */
  get member(): GroupMember {
    return {
      memberId: this.#memberId,
      generationId: this.#generationId,
      instanceId: this.#instanceId,
    };
  }

  /** Resolves at the next sign that the group knows us: an assignment or a heartbeat; or at abort. */
  confirmed(signal: AbortSignal): Promise<void> {
    if (signal.aborted) return Promise.resolve();
    return new Promise((resolve) => {
      const done = () => {
        signal.removeEventListener("abort", done);
        resolve();
      };
      signal.addEventListener("abort", done);
      this.#waiters.push(done);
    });
  }

  /**
   * Takes part until {@link stop}.
   * @throws WattstreamError `unavailable`, `auth`, `topic`, and `fenced` where another process has
   * taken our instance name.
   */
  async run(): Promise<void> {
    try {
      while (!this.#stopped.signal.aborted) {
        const tasks = await this.#untilAssigned();
        if (tasks === undefined) return;
        this.#tasks = tasks;
        this.#options.onAssigned(tasks);
        this.#confirm();
        await this.#heartbeats();
      }
    } catch (error) {
      if (!this.#stopped.signal.aborted) throw error;
    } finally {
      await this.#connections.close();
    }
  }

  /** Leaves the group, so that others get the tasks at once. */
  async stop(): Promise<void> {
    if (this.#stopped.signal.aborted) return;
    this.#stopped.abort();
    // Ends a join that waits for others.
    await this.#connections.close();
    if (this.#memberId === "") return;
    const connections = new Connections(this.#cluster.settings);
    const timer = setTimeout(() => void connections.close(), LEAVE_MS_MAX);
    try {
      const members = [{ memberId: this.#memberId, groupInstanceId: this.#instanceId }];
      await this.#cluster.askCoordinatorOnce(
        connections,
        this.#target,
        protocol.leaveGroup,
        this.#options.group,
        members,
      );
    } catch {
      // Nobody waits for us longer than the session timeout: nothing is lost but this time.
    } finally {
      clearTimeout(timer);
      await connections.close();
    }
  }

  /** Joins as often as it takes; undefined once stopped. */
  async #untilAssigned(): Promise<number[] | undefined> {
    while (!this.#stopped.signal.aborted) {
      const joined = await this.#ask((error) => this.#onJoinError(error), () => this.#join());
      if (joined === undefined) continue;
      this.#memberId = joined.memberId;
      const tasks = await this.#ask((error) => this.#onStale(error), () => this.#sync(joined));
      if (tasks === undefined) continue;
      this.#generationId = joined.generationId;
      return tasks;
    }
    return undefined;
  }

  /** Does something until it succeeds or an answer says that we have to join anew (undefined). */
  async #ask<T>(
    onStale: (error: Error) => void,
    attempt: () => Promise<T>,
  ): Promise<T | undefined> {
    return await untilDone(
      async () => {
        try {
          return await attempt();
        } catch (error) {
          if (brokerCodes(error).includes("FENCED_INSTANCE_ID")) throw this.#replaced(error);
          if (!(error instanceof ResponseError) || !isRejoin(error)) throw error;
          onStale(error);
          return undefined;
        }
      },
      this.#target.action,
      { ...this.#cluster.patience, signal: this.#stopped.signal },
    );
  }

  /** The first answer only gives us a name. */
  #onJoinError(error: Error): void {
    const { memberId } = (error as ResponseError).response as JoinGroupResponse;
    if (brokerCodes(error).includes("MEMBER_ID_REQUIRED")) this.#memberId = memberId;
    else this.#onStale(error);
  }

  #onStale(error: unknown): void {
    if (!brokerCodes(error).includes("UNKNOWN_MEMBER_ID")) return;
    this.#memberId = "";
  }

  #replaced(cause: unknown): WattstreamError {
    return new WattstreamError(
      "fenced",
      `Give each replica a --kafka-instance of its own: another process has joined group ` +
        `${this.#options.group} as ${this.#instanceId}`,
      { cause },
    );
  }

  async #join(): Promise<JoinGroupResponse> {
    const { group, topics } = this.#options;
    const { sessionTimeoutMs } = this.#cluster.settings;
    const claim = { generationId: this.#generationId, tasks: this.#tasks };
    const metadata = encodeClaim(topics, claim);
    return await this.#cluster.askCoordinatorOnce(
      this.#connections,
      this.#target,
      protocol.joinGroup,
      group,
      sessionTimeoutMs,
      sessionTimeoutMs,
      this.#memberId,
      this.#instanceId,
      PROTOCOL_TYPE,
      [{ name: ASSIGNER, metadata }],
    );
  }

  async #sync(joined: JoinGroupResponse): Promise<number[]> {
    const assignments = joined.leader === joined.memberId ? this.#assign(joined) : [];
    const answer = await this.#cluster.askCoordinatorOnce(
      this.#connections,
      this.#target,
      protocol.syncGroup,
      this.#options.group,
      joined.generationId,
      joined.memberId,
      this.#instanceId,
      PROTOCOL_TYPE,
      ASSIGNER,
      assignments,
    );
    return decodeAssignment(this.#options.topics, answer.assignment);
  }

  /** As the group's leader: decides for everyone. */
  #assign({ members }: JoinGroupResponse) {
    const { topics, taskCount } = this.#options;
    const claims = members.map((member) => decodeClaim(topics, member));
    return [...assignTasks(claims, taskCount)].map(([memberId, tasks]) => ({
      memberId,
      assignment: encodeAssignment(topics, tasks),
    }));
  }

  /** Until the group rearranges itself, or has forgotten us, or {@link stop}. */
  async #heartbeats(): Promise<void> {
    const { sessionTimeoutMs } = this.#cluster.settings;
    const intervalMs = Math.min(sessionTimeoutMs / HEARTBEATS_PER_SESSION, HEARTBEAT_MS_MAX);
    for (;;) {
      await pause(intervalMs, this.#stopped.signal);
      if (this.#stopped.signal.aborted) return;
      const isKnown = await this.#ask((error) => this.#onStale(error), async () => {
        await this.#cluster.askCoordinatorOnce(
          this.#connections,
          this.#target,
          protocol.heartbeat,
          this.#options.group,
          this.#generationId,
          this.#memberId,
          this.#instanceId,
        );
        return true;
      });
      if (isKnown === undefined) return;
      this.#confirm();
    }
  }

  #confirm(): void {
    const waiters = this.#waiters;
    this.#waiters = [];
    for (const waiter of waiters) waiter();
  }
}

function isRejoin(error: unknown): boolean {
  return isStaleGeneration(error) || brokerCodes(error).includes("MEMBER_ID_REQUIRED");
}
