/** Resident memory of a process of this machine, MB. */
export async function usageNow(pid: number): Promise<number> {
  const status = await Deno.readTextFile(`/proc/${pid}/status`);
  return Number(/^VmRSS:\s+(\d+) kB/m.exec(status)?.[1]) * 1.024 / 1000;
}
