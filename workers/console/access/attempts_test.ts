import assert from "node:assert/strict";
import { LogInAttempts } from "./attempts.ts";

const MINUTES_5 = 5 * 60_000;

/** How many attempts are let through until one has to wait. */
function attemptsOf(addressOf: (index: number) => string, userOf: (index: number) => string) {
  const attempts = new LogInAttempts();
  for (let index = 0; index < 1000; index++) {
    if (attempts.begin(addressOf(index), userOf(index), 0) > 0) return index;
  }
  return Infinity;
}

Deno.test("LogInAttempts bounds what fails from an address, whatever the names", () => {
  assert.equal(attemptsOf(() => "10.0.0.1", (index) => `user ${index}`), 20);
  assert.equal(attemptsOf((index) => `2001:db8::${index.toString(16)}`, String), 20);
  assert.equal(attemptsOf((index) => `2001:DB8:0:${index}::1`, String), Infinity);
  assert.equal(attemptsOf((index) => `10.0.0.${index}`, String), Infinity);
  assert.equal(attemptsOf((index) => index % 2 ? "::ffff:10.0.0.1" : "10.0.0.1", String), 20);
});

Deno.test("LogInAttempts bounds what fails under a name, whatever the addresses", () => {
  assert.equal(attemptsOf((index) => `10.0.0.${index}`, () => "anna"), 60);
});

Deno.test("LogInAttempts forgets after five minutes, and what succeeded at once", () => {
  const attempts = new LogInAttempts();
  for (let count = 0; count < 20; count++) assert.equal(attempts.begin("a", "anna", 1000), 0);
  assert.equal(attempts.begin("a", "anna", 2000), MINUTES_5 - 1000);
  assert.equal(attempts.begin("b", "anna", 2000), 0);
  assert.equal(attempts.begin("a", "anna", 1000 + MINUTES_5), 0);
  for (let count = 0; count < 100; count++) {
    assert.equal(attempts.begin("c", "berta", 1000), 0);
    attempts.succeeded("c", "berta");
  }
});

Deno.test("LogInAttempts remembers a bounded number of addresses and names", () => {
  const attempts = new LogInAttempts();
  for (let count = 0; count < 30_000; count++) attempts.begin(`${count}`, `user ${count}`, 0);
  assert.equal(attempts.size, 20_000);
});
