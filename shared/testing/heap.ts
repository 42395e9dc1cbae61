/** How much memory is reachable: not how much V8 happens to hold at the moment. */
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";

setFlagsFromString("--expose-gc");
const collectGarbage: () => void = runInNewContext("gc");

/** What is reachable, MB. */
export function heapMB(): number {
  collectGarbage();
  return Deno.memoryUsage().heapUsed / 1e6;
}
