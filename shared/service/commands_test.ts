import assert from "node:assert/strict";
import { z } from "zod";
import { WattstreamError } from "../errors.ts";
import { command, runCommand } from "./commands.ts";
import { flag } from "./config.ts";

const config = z.strictObject({ by: flag.integer(1).prefault("1").describe("How much") });
const failing = (error: Error) =>
  command({ summary: "fails", config, run: () => Promise.reject(error) });

const set = {
  name: "tool",
  summary: "counts",
  notes: "",
  commands: {
    add: command({
      summary: "adds up",
      positionals: ["LEFT", "RIGHT"],
      config,
      run: ({ by }, left, right) => Promise.resolve((Number(left) + Number(right)) * by),
    }),
    done: command({ summary: "does nothing", config, run: () => Promise.resolve() }),
    fail: failing(new WattstreamError("unavailable", "away")),
    refuse: failing(new WattstreamError("config", "wrong")),
    pipe: failing(new Deno.errors.BrokenPipe()),
  },
};

for (
  const [args, code] of [
    [["add", "3", "4"], 7],
    [["add", "3", "4", "--by", "10"], 70],
    [["add", "3"], 2],
    [["add", "3", "4", "5"], 2],
    [["add", "3", "4", "--by", "ten"], 2],
    [["add", "--help"], 0],
    [["done"], 0],
    [["done", "3"], 2],
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
