import assert from "node:assert/strict";
import type { Panel } from "./panel.ts";
import { linesOf } from "./range.ts";

Deno.test("linesOf() names the flag where something else than Prometheus answers", async () => {
  const handler = () => new Response("a page");
  await using server = Deno.serve({ hostname: "127.0.0.1", port: 0, onListen: () => {} }, handler);
  const url = `http://127.0.0.1:${server.addr.port}`;
  const panel = { queries: [{ expr: "up", legend: "" }] } as unknown as Panel;
  await assert.rejects(linesOf(url, panel, { endS: 100, lastS: 10 }), {
    code: "unavailable",
    message: /^Start Prometheus or correct --prometheus, .*: HTTP 200, and no JSON$/,
  });
});
