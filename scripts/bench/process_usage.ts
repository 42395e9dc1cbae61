/** What a process of this machine has used so far, from /proc. */
import { readFile } from "node:fs/promises";

const TICKS_PER_S = 100;

export interface Usage {
  readonly cpuS: number;
  readonly peakMemoryMB: number;
}

/** @throws an error when there is no such process. */
export async function usageOf(pid: number): Promise<Usage> {
  const status = await readFile(`/proc/${pid}/status`, "utf8");
  const peakKiB = Number(/^VmHWM:\s+(\d+) kB/m.exec(status)?.[1]);
  return {
    cpuS: await cpuSOf(`/proc/${pid}`),
    peakMemoryMB: peakKiB * 1.024 / 1000,
  };
}

/** CPU-seconds of the thread that runs a process's own code. @throws as `usageOf`. */
export async function mainThreadCpuSOf(pid: number): Promise<number> {
  return await cpuSOf(`/proc/${pid}/task/${pid}`);
}

async function cpuSOf(folder: string): Promise<number> {
  const stat = await readFile(`${folder}/stat`, "utf8");
  // The name in parentheses may hold blanks: fields are counted after it.
  const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
  return (Number(fields[11]) + Number(fields[12])) / TICKS_PER_S;
}
