import { NetworkError, ProtocolError } from "@platformatic/kafka";
import assert from "node:assert/strict";
import { hasCode } from "../../../errors.ts";
import { backoffMs, untilDone } from "./wait.ts";

const action = { operation: "READ", resource: "topic power" };

Deno.test("backoffMs() doubles up to its bound", () => {
  const delays = [1, 2, 3, 9].map((attempt) =>
    backoffMs(attempt, { firstDelayMs: 5, maxDelayMs: 100 })
  );
  assert.deepEqual(delays, [5, 10, 20, 100]);
});

Deno.test("untilDone() tries again what may pass", async () => {
  let count = 0;
  const result = await untilDone(
    () => {
      if (++count < 3) return Promise.reject(new NetworkError("closed"));
      return Promise.resolve("done");
    },
    action,
    { patienceMs: 60_000, firstDelayMs: 1 },
  );
  assert.deepEqual([result, count], ["done", 3]);
});

Deno.test("untilDone() ends at once with what does not pass", async () => {
  let count = 0;
  const attempt = () => {
    count++;
    return Promise.reject(new ProtocolError("TOPIC_AUTHORIZATION_FAILED"));
  };
  await assert.rejects(
    untilDone(attempt, action, { patienceMs: 60_000 }),
    (error) => hasCode(error, "auth"),
  );
  assert.equal(count, 1);
});

Deno.test("untilDone() ends when its patience does", async () => {
  const attempt = () => Promise.reject(new NetworkError("closed"));
  await assert.rejects(
    untilDone(attempt, action, { patienceMs: 10, firstDelayMs: 1 }),
    (error) => hasCode(error, "unavailable"),
  );
});
