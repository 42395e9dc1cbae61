/** The flags of `deno task planted-bugs`. */
import { z } from "zod";
import { flag } from "../../shared/service/config.ts";

export const plantedBugsConfig = z.strictObject({
  logs: flag.integer(1).prefault("600").describe("Logs that the law is tried on, for each bug"),
});
