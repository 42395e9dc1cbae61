/** A control group with a bound on memory and processor, of version 1 or 2, whichever the machine has. */
import { WattstreamError } from "../../../shared/errors.ts";

const ROOT = "/sys/fs/cgroup";
const PERIOD_US = 100_000;

export interface Bounds {
  readonly memoryBytes: number;
  /** Share of one processor. */
  readonly cores: number;
}

export class Cgroup {
  /** By controller; of version 2 all the same. */
  readonly #memory: string;
  readonly #cpu: string;
  readonly #isSecond: boolean;

  private constructor(name: string, isSecond: boolean) {
    this.#isSecond = isSecond;
    this.#memory = isSecond ? `${ROOT}/${name}` : `${ROOT}/memory/${name}`;
    this.#cpu = isSecond ? this.#memory : `${ROOT}/cpu/${name}`;
  }

  /** @throws WattstreamError `unavailable` where only root may do so, and it is not root. */
  static async make(name: string, { memoryBytes, cores }: Bounds): Promise<Cgroup> {
    const isSecond = await isThere(`${ROOT}/cgroup.controllers`);
    const group = new Cgroup(name, isSecond);
    const quotaUs = Math.round(cores * PERIOD_US);
    try {
      for (const folder of group.#folders) await Deno.mkdir(folder, { recursive: true });
      if (isSecond) {
        await Deno.writeTextFile(`${group.#memory}/memory.max`, `${memoryBytes}`);
        await Deno.writeTextFile(`${group.#cpu}/cpu.max`, `${quotaUs} ${PERIOD_US}`);
      } else {
        await Deno.writeTextFile(`${group.#memory}/memory.limit_in_bytes`, `${memoryBytes}`);
        await Deno.writeTextFile(`${group.#cpu}/cpu.cfs_period_us`, `${PERIOD_US}`);
        await Deno.writeTextFile(`${group.#cpu}/cpu.cfs_quota_us`, `${quotaUs}`);
      }
    } catch (cause) {
      throw new WattstreamError("unavailable", "Run it as root: it bounds memory and processor", {
        cause,
      });
    }
    return group;
  }

  /** A command that runs as a member. */
  member(command: readonly string[]): readonly [string, string[]] {
    const join = this.#folders.map((folder) => `echo $$ >${folder}/cgroup.procs`).join(" && ");
    return ["sh", ["-c", `${join} && exec "$@"`, "sh", ...command]];
  }

  /** How often the kernel has killed a member for want of memory. */
  async killedCount(): Promise<number> {
    const file = this.#isSecond ? "memory.events" : "memory.oom_control";
    const text = await Deno.readTextFile(`${this.#memory}/${file}`);
    return Number(/^oom_kill (\d+)$/m.exec(text)?.[1] ?? 0);
  }

  /** The most that its members had at once, bytes; what the kernel may take back included. */
  async peakBytes(): Promise<number> {
    const file = this.#isSecond ? "memory.peak" : "memory.max_usage_in_bytes";
    return Number(await Deno.readTextFile(`${this.#memory}/${file}`));
  }

  /** What members cannot give back now, bytes. */
  async heldBytes(): Promise<number> {
    const text = await Deno.readTextFile(`${this.#memory}/memory.stat`);
    const name = this.#isSecond ? "anon" : "total_rss";
    return Number(new RegExp(`^${name} (\\d+)$`, "m").exec(text)?.[1]);
  }

  /** Removes it; its members have ended. */
  async remove(): Promise<void> {
    for (const folder of this.#folders) await Deno.remove(folder);
  }

  get #folders(): string[] {
    return this.#isSecond ? [this.#memory] : [this.#memory, this.#cpu];
  }
}

async function isThere(path: string): Promise<boolean> {
  try {
    await Deno.stat(path);
    return true;
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return false;
    throw error;
  }
}
