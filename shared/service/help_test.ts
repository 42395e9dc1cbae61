import assert from "node:assert/strict";
import { z } from "zod";
import { flag } from "./config.ts";
import { helpText } from "./help.ts";

const config = z.strictObject({
  json: flag.boolean().describe("Print JSON"),
  idleTimeoutS: flag.seconds().prefault("60s").describe("Silence after which a household closes"),
  http: flag.address().prefault("127.0.0.1:0").describe("Address"),
  paths: flag.list().optional().describe("Files"),
  log: flag.url(["sqlite", "kafka"]).describe("The log"),
});
const program = { name: "x", summary: "does x", config };

Deno.test("helpText() prints every flag with its default", () => {
  const text = helpText(program);
  assert.match(
    text,
    /--idle-timeout VALUE +Silence after which a household closes \(default: 60s\)/,
  );
  assert.match(text, /--json +Print JSON\n/);
  assert.match(text, /--http VALUE +Address \(default: 127\.0\.0\.1:0\)/);
  assert.match(text, /--paths VALUE… +Files/);
});

Deno.test("helpText() says how the program is called, with the flags that must be given", () => {
  assert.match(helpText(program), /^x: does x\n\nUsage: deno task x --log VALUE \[flags\]\n/);
  assert.match(helpText({ ...program, usage: "FILE…" }), /\nUsage: deno task x FILE…\n/);
});

Deno.test("helpText() ends with what else there is to say", () => {
  assert.match(helpText({ ...program, notes: ["More."] }), /\nMore\.\n--version says .*$/);
});

Deno.test("helpText() has a variable of its own as an example, or none where none is read", () => {
  assert.match(helpText(program), /as a variable: --idle-timeout as WATTSTREAM_IDLE_TIMEOUT\./);
  assert.doesNotMatch(helpText({ ...program, takesNoVariables: true }), /variable/);
});
