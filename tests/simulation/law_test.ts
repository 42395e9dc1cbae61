import fc from "fast-check";
import { checkLaw } from "./law.ts";
import { randomLogArbitrary } from "./random_log.ts";

const RECORDS_MAX = 60;
/** Logs to try; a longer campaign sets the variable. */
const LOGS = Number(Deno.env.get("WATTSTREAM_LAW_LOGS") ?? 150);
const SEED = Number(Deno.env.get("WATTSTREAM_LAW_SEED") ?? Date.now() % 1_000_000_000);

Deno.test(`runTask() holds the law at every crash point (seed ${SEED}, ${LOGS} logs)`, async () => {
  let crashPoints = 0;
  await fc.assert(
    fc.asyncProperty(randomLogArbitrary(RECORDS_MAX), async (log) => {
      crashPoints += await checkLaw(log);
    }),
    { numRuns: LOGS, seed: SEED },
  );
});
