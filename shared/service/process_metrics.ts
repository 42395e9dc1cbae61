/**
 * The metrics that every worker's process has. prom-client's own are not used: under Deno its delay of
 * the event loop is no number, and its heap is that of the whole address space.
 */
import process from "node:process";
import { readFileSync } from "node:fs";
import { LATENCY_BUCKETS, Metrics, type MetricTable } from "./metrics.ts";

/** How often the event loop is asked for its turn. */
const TURN_MS = 100;
/** Where Linux says what a container may use, newer and older, and what the machine has. */
const LIMIT_PATHS = [
  "/sys/fs/cgroup/memory.max",
  "/sys/fs/cgroup/memory/memory.limit_in_bytes",
] as const;
const MACHINE_PATH = "/proc/meminfo";

export const processMetrics = {
  process_cpu_seconds_total: { kind: "counter", help: "CPU time of the process, all its threads" },
  process_start_time_seconds: { kind: "gauge", help: "When the process started, Unix seconds" },
  process_resident_memory_bytes: { kind: "gauge", help: "Memory of the process in RAM" },
  wattstream_heap_used_bytes: { kind: "gauge", help: "JavaScript objects, garbage included" },
  wattstream_memory_limit_bytes: {
    kind: "gauge",
    help: "Memory that the process may use: its container's limit, or what the machine has",
  },
  wattstream_event_loop_delay_seconds: {
    kind: "histogram",
    help: "How late the event loop gives a turn that is due every 100 ms: blocked or starved",
    buckets: LATENCY_BUCKETS,
  },
} as const satisfies MetricTable;

/** The metrics of this process, from here on until `close()`. */
export class ProcessMetrics {
  readonly #metrics = new Metrics(processMetrics);
  readonly #timer: ReturnType<typeof setInterval>;
  #dueMs = performance.now() + TURN_MS;
  #cpuS = 0;

  constructor() {
    this.#timer = setInterval(() => this.#turn(), TURN_MS);
    this.#metrics.set("process_start_time_seconds", performance.timeOrigin / 1000);
    this.#metrics.set("wattstream_memory_limit_bytes", memoryLimit());
    this.#metrics.beforeText(() => this.#look());
  }

  text(): Promise<string> {
    return this.#metrics.text();
  }

  close(): void {
    clearInterval(this.#timer);
  }

  #turn(): void {
    const nowMs = performance.now();
    const lateMs = Math.max(0, nowMs - this.#dueMs);
    this.#metrics.observe("wattstream_event_loop_delay_seconds", lateMs / 1000);
    this.#dueMs = nowMs + TURN_MS;
  }

  #look(): void {
    const { user, system } = process.cpuUsage();
    const cpuS = (user + system) / 1e6;
    this.#metrics.add("process_cpu_seconds_total", cpuS - this.#cpuS);
    this.#cpuS = cpuS;
    const { rss, heapUsed } = Deno.memoryUsage();
    this.#metrics.set("process_resident_memory_bytes", rss);
    this.#metrics.set("wattstream_heap_used_bytes", heapUsed);
  }
}

/** Bytes that this process may use; Infinity where the system does not say. */
function memoryLimit(): number {
  const machine = /^MemTotal:\s+(\d+) kB$/m.exec(read(MACHINE_PATH) ?? "")?.[1];
  const limits = LIMIT_PATHS.map((path) => Number(read(path) ?? Infinity))
    .filter((limit) => limit > 0);
  return Math.min(...limits, machine === undefined ? Infinity : Number(machine) * 1024);
}

/** A file of the system; undefined where it has none, or lets us not read it. */
function read(path: string): string | undefined {
  try {
    return readFileSync(path, "utf8");
  } catch (error) {
    if (error instanceof Deno.errors.NotFound || error instanceof Deno.errors.NotCapable) return;
    if (error instanceof Error && "code" in error) return;
    throw error;
  }
}
