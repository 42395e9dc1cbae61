import assert from "node:assert/strict";
import { Hono } from "hono";
import type { ConsoleEnv } from "../access/routes.ts";
import { guard } from "./guard.ts";

function app() {
  const refused: string[] = [];
  const own = new Hono<ConsoleEnv>();
  guard(own, { isLoopbackOnly: true, isSecure: false, onRefused: () => refused.push("") });
  own.get("/", (context) => context.text("page"));
  own.post("/", (context) => context.text("done"));
  const ask = async (method: string, headers: Record<string, string>, body?: string) => {
    const response = await own.request("http://127.0.0.1:8080/", {
      ...{ method, headers },
      ...(body !== undefined && { body }),
    });
    await response.body?.cancel();
    return response;
  };
  return { ask, refused };
}

Deno.test("guard() answers this machine's own names alone", async () => {
  const { ask, refused } = app();
  const own = ["127.0.0.1:8080", "localhost:8080", "localhost", "[::1]:8080", "127.0.0.2"];
  for (const host of own) assert.equal((await ask("GET", { host })).status, 200, host);
  const others = ["evil.example", "127.0.0.1.evil.example", "localhost.evil.example:8080", ""];
  for (const host of others) assert.equal((await ask("GET", { host })).status, 403, host);
  assert.equal(refused.length, others.length);
});

Deno.test("guard() takes changes from the page itself alone", async () => {
  const { ask } = app();
  const host = "127.0.0.1:8080";
  const ours = [{ "sec-fetch-site": "same-origin" }, { origin: `http://${host}` }, {}];
  for (const headers of ours) assert.equal((await ask("POST", { host, ...headers })).status, 200);
  const foreign = [
    { "sec-fetch-site": "cross-site" },
    { "sec-fetch-site": "same-site", origin: `http://${host}` },
    { "sec-fetch-site": "none" },
    { origin: "http://evil.example" },
    { origin: "http://127.0.0.1:9999" },
    { origin: "null" },
  ];
  for (const headers of foreign) {
    assert.equal((await ask("POST", { host, ...headers })).status, 403, JSON.stringify(headers));
  }
});

Deno.test("guard() lets no other script run, and no other site frame the page", async () => {
  const { ask } = app();
  const { headers } = await ask("GET", { host: "localhost" });
  const policy = headers.get("content-security-policy")!;
  assert.match(policy, /default-src 'none'; script-src 'self';/);
  assert.doesNotMatch(policy, /unsafe|\*|https?:/);
  assert.equal(headers.get("x-frame-options"), "DENY");
});

Deno.test("guard() takes no more than a bound at once", async () => {
  const { ask } = app();
  const host = "localhost";
  assert.equal((await ask("POST", { host }, "x".repeat(256 * 1024))).status, 200);
  assert.equal((await ask("POST", { host }, "x".repeat(256 * 1024 + 1))).status, 413);
});
