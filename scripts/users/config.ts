/** The flags of `deno task users`. */
import { z } from "zod";
import { flag, withRule } from "../../shared/service/config.ts";

const storeFlags = {
  passwords: flag.text().optional().describe("Mosquitto's password file"),
  emqx: flag.url(["http", "https"]).optional().describe("EMQX's API, http://HOST:18083"),
  emqxKeyFile: flag.text().optional().describe("File with the API key and its secret, key:secret"),
};

const stdinFlag = {
  passwordStdin: flag.boolean().describe(
    "Read the password from standard input; without it one is made and printed",
  ),
};

/** Adds the rule that one of the two says where. */
function oneStore<S extends typeof storeFlags & Record<string, z.ZodType>>(
  schema: z.ZodObject<S, z.core.$strict>,
): z.ZodObject<S, z.core.$strict> {
  return withRule(schema, ["passwords", "emqx", "emqxKeyFile"], (values) => {
    const { passwords, emqx, emqxKeyFile } = values as z.output<z.ZodObject<typeof storeFlags>>;
    if ((passwords === undefined) === (emqx === undefined)) {
      return "expected --passwords FILE for Mosquitto, or --emqx URL";
    }
    if ((emqx === undefined) === (emqxKeyFile === undefined)) return undefined;
    return "expected --emqx together with --emqx-key-file";
  });
}

export const storeConfig = oneStore(z.strictObject(storeFlags));
export const passwordConfig = oneStore(z.strictObject({ ...storeFlags, ...stdinFlag }));

export type StoreConfig = z.output<typeof storeConfig>;
