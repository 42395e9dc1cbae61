import assert from "node:assert/strict";
import { plainView } from "./view.ts";
import { lineText, listenTo } from "./worker_lines.ts";

Deno.test("lineText() is one line without controls, whatever a worker quotes", () => {
  const line = { message: "odd\x1b[2J", level: "warning", reason: "x\nNOT CORRECT: y\u202e" };
  assert.equal(
    lineText(line),
    "warning: odd\\u001b[2J (reason: x\\nNOT CORRECT: y\\u202e)",
  );
});

Deno.test("listenTo() shows warnings, errors and what is no log line", () => {
  const shown: string[] = [];
  const listener = listenTo(plainView((text) => shown.push(text)));
  for (const level of ["debug", "info", "warning", "error"]) {
    listener.line("bridge", { message: "it happened", level });
  }
  listener.line("bridge", { message: "Uncaught\x07" });
  assert.deepEqual(shown, [
    "bridge: warning: it happened",
    "bridge: error: it happened",
    "bridge: Uncaught\\u0007",
  ]);
});
