import assert from "node:assert/strict";
import { hasCode } from "../../shared/errors.ts";
import { untilNone } from "./waiting.ts";

Deno.test("untilNone() waits as long as something moves", async () => {
  let remaining = 4;
  await untilNone(() => --remaining, { stallMs: 150, explain: () => "" });
  assert.equal(remaining, 0);
});

Deno.test("untilNone() gives up where nothing moves, and says what remains", async () => {
  const explain = (count: number) => `${count} to go`;
  await assert.rejects(
    untilNone(() => 3, { stallMs: 50, explain }),
    (error) => hasCode(error, "unavailable") && error.message === "3 to go",
  );
});
