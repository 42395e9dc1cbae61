import assert from "node:assert/strict";
import { createLogger, type LogThreshold } from "./logger.ts";

Deno.test("createLogger() writes JSON, or text for people", () => {
  const lines: string[] = [];
  for (const format of ["json", "text"] as const) {
    const threshold: LogThreshold = { level: "info" };
    const logger = createLogger("bridge", { threshold, format }, (line) => lines.push(line));
    logger.warn("waiting for the log", { problem: "it is away", tries: 3, url: "kafka://a:1" });
    logger.info("stopped");
  }
  const { time, ...rest } = JSON.parse(lines[0]!);
  assert.ok(Date.parse(time) > 0);
  assert.deepEqual(rest, {
    ...{ level: "warning", worker: "bridge", message: "waiting for the log" },
    ...{ problem: "it is away", tries: 3, url: "kafka://a:1" },
  });
  const [warned, stopped] = lines.slice(2).map((line) => line.replace(/^[\d:.]{12} /, ""));
  assert.equal(
    warned,
    'warning bridge  waiting for the log  problem="it is away" tries=3 url=kafka://a:1',
  );
  assert.equal(stopped, "info    bridge  stopped");
});

Deno.test("createLogger() goes by the level of the moment", () => {
  const lines: string[] = [];
  const threshold: LogThreshold = { level: "warning" };
  const logger = createLogger("bridge", { threshold }, (line) => lines.push(line));
  logger.info("one");
  threshold.level = "debug";
  logger.debug("two");
  threshold.level = "error";
  logger.warn("three");
  logger.error("four");
  assert.deepEqual(lines.map((line) => JSON.parse(line).message), ["two", "four"]);
});
