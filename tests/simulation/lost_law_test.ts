import assert from "node:assert/strict";
import fc from "fast-check";
import { checkLostLaw } from "./lost_law.ts";
import { randomLogArbitrary } from "./random_log.ts";

const RECORDS_MAX = 40;
/** Logs to try; a longer campaign sets the variable. */
const LOGS = Number(Deno.env.get("WATTSTREAM_LAW_LOGS") ?? 40);
const SEED = Number(Deno.env.get("WATTSTREAM_LAW_SEED") ?? Date.now() % 1_000_000_000);

Deno.test(`runTask() holds the law of lost records (seed ${SEED}, ${LOGS} logs)`, async () => {
  let losses = 0;
  await fc.assert(
    fc.asyncProperty(randomLogArbitrary(RECORDS_MAX), async (log) => {
      losses += await checkLostLaw(log);
    }),
    { numRuns: LOGS, seed: SEED },
  );
  assert.ok(losses > LOGS, `only ${losses} losses were tried`);
});
