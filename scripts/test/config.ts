/** The flags of `deno task test`. */
import { z } from "zod";
import { flag } from "../../shared/service/config.ts";

export const testConfig = z.strictObject({
  install: flag.boolean().describe(
    "Installs what the tests run against and this machine does not have (Debian, Ubuntu)",
  ),
});
