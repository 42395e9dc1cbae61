import assert from "node:assert/strict";
import { WattstreamError } from "../errors.ts";
import { runCommand } from "./commands.ts";

const set = {
  name: "tool",
  usage: "Usage: tool add",
  commands: {
    add: ({ args }: { readonly args: readonly string[] }) => Promise.resolve(args.length),
    fail: () => Promise.reject(new WattstreamError("unavailable", "away")),
    refuse: () => Promise.reject(new WattstreamError("config", "wrong")),
    pipe: () => Promise.reject(new Deno.errors.BrokenPipe()),
  },
};

for (
  const [args, code] of [
    [["add", "a", "b", "c"], 3],
    [["fail"], 1],
    [["refuse"], 2],
    [["pipe"], 0],
    [["--help"], 0],
    [["toString"], 2],
    [[], 2],
  ] as const
) {
  Deno.test(`runCommand() of "${args.join(" ")}" ends with ${code}`, async () => {
    assert.equal(await runCommand(set, { args, env: () => undefined }), code);
  });
}
