import assert from "node:assert/strict";
import { checkHealth } from "./health_check.ts";
import { Readiness, serveHttp } from "./http.ts";

const source = (http?: string) => ({
  args: [],
  env: (name: string) => name === "WATTSTREAM_HTTP" ? http : undefined,
});

async function withAnswer(status: number, use: (port: number) => Promise<void>): Promise<void> {
  const options = { hostname: "127.0.0.1", port: 0, onListen: () => {} };
  const server = Deno.serve(options, () => new Response("said", { status }));
  try {
    await use(server.addr.port);
  } finally {
    await server.shutdown();
  }
}

Deno.test("checkHealth() is 0 for a worker that listens everywhere, ready or not", async () => {
  const metricsText = () => Promise.resolve("");
  const threshold = { level: "info" as const };
  const parts = { readiness: new Readiness(), metricsText, pages: new Map(), threshold };
  const server = serveHttp({ hostname: "0.0.0.0", port: 0 }, parts);
  assert.equal(await checkHealth(source(server.address)), 0);
  await server.close();
});

Deno.test("checkHealth() is 1 where the answer is no", async () => {
  await withAnswer(500, async (port) => {
    assert.equal(await checkHealth(source(`127.0.0.1:${port}`)), 1);
  });
});

Deno.test("checkHealth() is 1 where nobody answers, and 2 where nobody is named", async () => {
  let gone = 0;
  await withAnswer(200, (port) => Promise.resolve(void (gone = port)));
  assert.equal(await checkHealth(source(`127.0.0.1:${gone}`)), 1);
  assert.equal(await checkHealth(source()), 2);
});
