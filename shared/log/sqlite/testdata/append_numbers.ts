/** Run as a process of its own: PATH KEY COUNT. Prints how many records the log has taken so far. */
import { openLog } from "../../open.ts";

const [path, key, count] = Deno.args as [string, string, string];
const log = await openLog(`sqlite:${path}`);
const appender = log.appender();
const out = new TextEncoder();
for (let next = 0; next < Number(count);) {
  const size = Math.min(1 + next % 17, Number(count) - next);
  const values = Array.from({ length: size }, (_, index) => `${next + index}`);
  await appender.append(values.map((value) => ({ topic: "power", key, value })));
  next += size;
  Deno.stdout.writeSync(out.encode(`${next}\n`));
}
await log.close();
