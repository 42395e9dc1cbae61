/**
 * Goes ahead of a worker in its process (`deno run --preload`), and measures how late the event loop gives
 * a turn that is due every few milliseconds. When the process ends, a file takes three numbers of each:
 * when it came, ms since 1970, how late, ms, and how much of that the process itself was at work, ms. The
 * rest is what other processes of a busy machine took.
 */
import { writeFileSync } from "node:fs";
import process from "node:process";

/** The variable that names the file; nothing is measured without. */
export const TURNS_FILE = "WATTSTREAM_BENCH_TURNS";
/** From one turn until the next is due. */
export const TURN_MS = 5;

const file = Deno.env.get(TURNS_FILE);
const turns: number[] = [];

function wait(): void {
  const dueMs = performance.now() + TURN_MS;
  const before = process.cpuUsage();
  const timer = setTimeout(() => {
    const nowMs = performance.now();
    const { user, system } = process.cpuUsage(before);
    const lateMs = Math.max(0, nowMs - dueMs);
    turns.push(performance.timeOrigin + nowMs, lateMs, Math.min(lateMs, (user + system) / 1000));
    wait();
  }, TURN_MS);
  Deno.unrefTimer(timer);
}

if (file !== undefined) {
  wait();
  addEventListener("unload", () => writeFileSync(file, JSON.stringify(turns)));
}
