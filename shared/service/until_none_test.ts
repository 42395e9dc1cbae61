import assert from "node:assert/strict";
import { hasCode, WattstreamError } from "../errors.ts";
import { untilNone } from "./until_none.ts";

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

Deno.test("untilNone() asks again where the answer is unavailable, and ends with other errors", async () => {
  const answers = [new WattstreamError("unavailable", "away"), 2, new Error("broken")];
  const attempt = () => {
    const answer = answers.shift()!;
    return typeof answer === "number" ? Promise.resolve(answer) : Promise.reject(answer);
  };
  await assert.rejects(untilNone(attempt, { stallMs: 60_000, explain: () => "" }), /broken/);
});

Deno.test("untilNone() ends with what makes it unavailable where that lasts", async () => {
  const away = new WattstreamError("unavailable", "away");
  const attempt = () => Promise.reject(away);
  await assert.rejects(untilNone(attempt, { stallMs: 50, explain: () => "" }), away);
});
