import { pause } from "./pause.ts";

Deno.test("pause() ends when its signal aborts", async () => {
  const abort = new AbortController();
  const waiting = pause(60_000, abort.signal);
  abort.abort();
  await waiting;
  await pause(60_000, abort.signal);
});
