/** The faults of a campaign. Each resolves when it is over and nothing hinders recovery any more. */
import { eventually } from "../../shared/eventually.ts";
import type { Random } from "../../workers/simulator/random.ts";
import { pause } from "../../shared/pause.ts";
import { tasksOf } from "./recovery.ts";
import { type Group, GROUPS } from "./replica.ts";
import type { SoakSystem } from "./system.ts";

export interface FaultContext {
  readonly system: SoakSystem;
  readonly random: Random;
  readonly sessionTimeoutMs: number;
  readonly partitions: number;
}

/** Injects a fault; says what it was done to, and how. */
type Fault = (context: FaultContext) => Promise<string>;

/** Others take over within this time, or something is wrong. */
const TAKEOVER_DEADLINE_MS = 180_000;

export const FAULTS = {
  /** SIGKILL of a stream worker. */
  async kill({ system, random }) {
    const replica = pick(system.allReplicas, random);
    await replica.kill();
    return replica.name;
  },

  /** A stream worker stopped until others have its tasks, and continued. */
  async zombie({ system, random, sessionTimeoutMs, partitions }) {
    const group = pick(GROUPS, random);
    const replica = pick(system.replicas[group], random);
    const others = system.replicas[group].filter((other) => other !== replica);
    const extraMs = random.between(0, sessionTimeoutMs / 2);
    const resume = replica.freeze();
    const startMs = performance.now();
    try {
      await pause(sessionTimeoutMs);
      if (others.length > 0) {
        await eventually(async () => {
          const count = await tasksOf(others);
          if (count < partitions) throw new Error(`others have ${count} of its tasks`);
        }, { deadlineMs: TAKEOVER_DEADLINE_MS, intervalMs: 100 });
      }
      await pause(extraMs);
    } finally {
      resume();
    }
    return `${replica.name}, stopped for ${secondsSince(startMs)}`;
  },

  /** One replica more of the group that has fewest. */
  add({ system, random }) {
    const group = groupBy(system, random, Math.min);
    return Promise.resolve(system.addReplica(group).name);
  },

  /** SIGTERM for good of a replica of the group that has most. */
  async remove({ system, random }) {
    const group = groupBy(system, random, Math.max);
    // The ones behind links stay, so that networks can stall.
    const candidates = system.replicas[group].filter(({ link }) => link === undefined);
    if (candidates.length === 0) return "nobody: one replica each must remain";
    const replica = pick(candidates, random);
    await system.removeReplica(group, replica);
    return replica.name;
  },

  /**
   * SIGKILL of a broker, of the only one where there is but one, and its restart, within the workers'
   * session timeout or after it.
   */
  async broker({ system, random, sessionTimeoutMs }) {
    const broker = pick(system.kafka.brokers, random);
    const downMs = sessionTimeoutMs * random.between(0, 1.3);
    await broker.kill();
    await pause(downMs);
    await broker.start();
    return `${broker.name}, down for ${Math.round(downMs / 100) / 10} s and its start`;
  },

  /** The network of a stream worker stalls, for less than its session timeout or for more. */
  async stall({ system, random, sessionTimeoutMs }) {
    const replica = pick(system.allReplicas.filter(({ link }) => link !== undefined), random);
    const stallMs = sessionTimeoutMs * random.between(0.3, 2.5);
    replica.link!.stall();
    await pause(stallMs);
    replica.link!.resume();
    return `${replica.name}, for ${Math.round(stallMs / 100) / 10} s`;
  },

  /** SIGKILL of the bridge. */
  async bridge({ system }) {
    await system.bridgeReplica.kill();
    return system.bridgeReplica.name;
  },
} as const satisfies Record<string, Fault>;

export type FaultKind = keyof typeof FAULTS;
export const FAULT_KINDS = Object.keys(FAULTS) as FaultKind[];

/** The group with the most or the fewest replicas; one of them where they have the same. */
function groupBy(
  { replicas }: SoakSystem,
  random: Random,
  best: (...counts: number[]) => number,
): Group {
  const wanted = best(...GROUPS.map((group) => replicas[group].length));
  return pick(GROUPS.filter((group) => replicas[group].length === wanted), random);
}

function pick<T>(candidates: readonly T[], random: Random): T {
  return candidates[random.integer(0, candidates.length - 1)]!;
}

function secondsSince(startMs: number): string {
  return `${((performance.now() - startMs) / 1000).toFixed(1)} s`;
}
