import assert from "node:assert/strict";
import { eventually, PATIENCE_MS } from "../../../shared/eventually.ts";
import { encodeServerEvent, Viewer, type ViewerEnd } from "./viewer.ts";

/** What both ends of a connection on one machine may hold besides, generously. */
const SOCKETS_BYTES_MAX = 32 * 1024 * 1024;

function viewer(signal = new AbortController().signal) {
  const ends: ViewerEnd[] = [];
  return { ends, viewer: new Viewer({ signal, onEnd: (end) => ends.push(end) }) };
}

Deno.test("Viewer sends events as a browser reads them", async () => {
  const { viewer: page, ends } = viewer();
  page.send(encodeServerEvent("system", { text: "two\nlines" }));
  page.close();
  const text = await page.response.text();
  assert.equal(text, 'retry: 1000\n\nevent: system\ndata: {"text":"two\\nlines"}\n\n');
  assert.deepEqual(ends, ["left"]);
});

Deno.test("Viewer cuts off who does not read, and keeps no more than its bound", () => {
  const { viewer: page, ends } = viewer();
  const bytes = new Uint8Array(100_000);
  let sent = 0;
  while (ends.length === 0 && sent < 1000) {
    page.send(bytes);
    sent++;
  }
  assert.deepEqual(ends, ["cut"]);
  assert.ok(sent <= 11, `${sent} of 100 kB were taken`);
  page.send(bytes);
  assert.deepEqual(ends, ["cut"]);
});

Deno.test("Viewer goes on for who reads", async () => {
  const { viewer: page, ends } = viewer();
  const reader = page.response.body!.getReader();
  for (let count = 0; count < 100; count++) {
    page.send(new Uint8Array(100_000));
    await reader.read();
  }
  assert.deepEqual(ends, []);
  await reader.cancel();
  assert.deepEqual(ends, ["left"]);
});

Deno.test("Viewer ends when the console does", () => {
  const stop = new AbortController();
  const { ends } = viewer(stop.signal);
  stop.abort();
  assert.deepEqual(ends, ["left"]);
});

Deno.test("Viewer cuts off a connection that nobody reads from, after its bound and the sockets' buffers", async () => {
  const ended = Promise.withResolvers<ViewerEnd>();
  const { signal } = new AbortController();
  let page: Viewer | undefined;
  const server = Deno.serve({ hostname: "127.0.0.1", port: 0, onListen: () => {} }, () => {
    page = new Viewer({ signal, onEnd: ended.resolve });
    return page.response;
  });
  const connection = await Deno.connect({ hostname: "127.0.0.1", port: server.addr.port });
  await connection.write(new TextEncoder().encode("GET / HTTP/1.1\r\nhost: x\r\n\r\n"));
  let end: ViewerEnd | undefined;
  ended.promise.then((each) => end = each);
  let sentBytes = 0;
  await eventually(() => {
    page?.send(new Uint8Array(100_000));
    sentBytes += 100_000;
    assert.equal(end, "cut");
  }, { deadlineMs: PATIENCE_MS, intervalMs: 1 });
  assert.ok(sentBytes < SOCKETS_BYTES_MAX, `${sentBytes} bytes were taken`);
  connection.close();
  await server.shutdown();
});

Deno.test("Viewer ends at once where the console does already", async () => {
  const { viewer: page, ends } = viewer(AbortSignal.abort());
  assert.equal(await page.response.text(), "retry: 1000\n\n");
  assert.deepEqual(ends, ["left"]);
});
