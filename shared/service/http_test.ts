import assert from "node:assert/strict";
import { Readiness, serveHttp } from "./http.ts";
import type { LogThreshold } from "./logger.ts";

/** The status line that comes back for these header lines, written as they are. */
async function answerTo(
  port: number,
  request: string,
  headers: readonly string[],
): Promise<string> {
  const connection = await Deno.connect({ hostname: "127.0.0.1", port });
  const text = [request, ...headers, "Connection: close", "", ""].join("\r\n");
  await connection.write(Uint8Array.from(text, (character) => character.charCodeAt(0)));
  const answer = await new Response(connection.readable).text();
  return answer.split("\r\n")[0]!;
}

const MALFORMED: readonly (readonly string[])[] = [
  ["Host: ["],
  ["Host: a b"],
  ["Host: a:99999"],
  ["Host: a:b:c"],
  ["Host: a/b"],
  ["Host: a?b"],
  ["Host: user@a"],
  ["Host: a\\b"],
  ["Host: [::1"],
  ["Host: %"],
  ["Host: a", "Host: b"],
];
const FINE: readonly (readonly string[])[] = [
  ["Host: a"],
  ["Host: 127.0.0.1:8080"],
  ["Host: [::1]:8080"],
  ["Host: xn--grn-goa.example"],
  ["Host:"],
  [],
];

Deno.test("serveHttp() answers a malformed Host header with 400, and goes on", async () => {
  const readiness = new Readiness();
  readiness.ready();
  const parts = {
    readiness,
    metricsText: () => Promise.resolve(""),
    pages: new Map([["/page", () => ({ a: 1 })]]),
    threshold: { level: "info" as const },
  };
  const server = serveHttp({ hostname: "127.0.0.1", port: 0 }, parts);
  const port = Number(server.address.split(":").at(-1));
  try {
    for (const path of ["/healthz", "/readyz", "/metrics", "/page"]) {
      for (const headers of MALFORMED) {
        const status = await answerTo(port, `GET ${path} HTTP/1.1`, headers);
        assert.equal(status, "HTTP/1.1 400 Bad Request", `${path} ${headers}`);
      }
      for (const headers of FINE) {
        const status = await answerTo(port, `GET ${path} HTTP/1.1`, headers);
        assert.equal(status, "HTTP/1.1 200 OK", `${path} ${headers}`);
      }
    }
    assert.match(await answerTo(port, "GET /healthz HTTP/1.0", []), /200 OK$/);
    assert.match(await answerTo(port, "GET http://[/healthz HTTP/1.1", ["Host: a"]), / 400 /);
    assert.match(await answerTo(port, "GET //healthz HTTP/1.1", ["Host: a"]), / 404 /);
  } finally {
    await server.close();
  }
});

Deno.test("serveHttp() tells and takes the log's level, from the same machine", async () => {
  const threshold: LogThreshold = { level: "info" };
  const server = serveHttp({ hostname: "127.0.0.1", port: 0 }, {
    readiness: new Readiness(),
    metricsText: () => Promise.resolve(""),
    pages: new Map(),
    threshold,
  });
  const url = `http://${server.address}/log-level`;
  const answerOf = async (init: RequestInit) => {
    const response = await fetch(url, init);
    return [response.status, (await response.text()).trim()];
  };
  try {
    assert.deepEqual(await answerOf({}), [200, "info"]);
    assert.deepEqual(await answerOf({ method: "PUT", body: "debug\n" }), [200, "debug"]);
    assert.equal(threshold.level, "debug");
    const wrong = await answerOf({ method: "PUT", body: "loud" });
    assert.deepEqual(wrong, [400, "expected debug, info, warning, error"]);
    assert.equal((await answerOf({ method: "POST", body: "error" }))[0], 405);
    assert.deepEqual(await answerOf({}), [200, "debug"]);
  } finally {
    await server.close();
  }
});

Deno.test("serveHttp() names the flag and the address that it cannot have", () => {
  using taken = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const { port } = taken.addr;
  const parts = {
    ...{ readiness: new Readiness(), metricsText: () => Promise.resolve("") },
    ...{ pages: new Map(), threshold: { level: "info" as const } },
  };
  assert.throws(() => serveHttp({ hostname: "127.0.0.1", port }, parts), {
    code: "unavailable",
    message: new RegExp(`^Choose another --http than 127\\.0\\.0\\.1:${port}: Address already in`),
  });
});
