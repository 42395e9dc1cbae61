import assert from "node:assert/strict";
import { NO_HEADERS } from "../../../shared/log/log.ts";
import type { LogRecord } from "../../../shared/log/log.ts";
import { ReferenceOutputs } from "./outputs.ts";

const WINDOW = {
  ...{ client_id: "home", username: "anna", window_start: 100, window_end: 115 },
  ...{ timestamps: [100, 101], consumption: [1, 2.5] },
};

async function* recordsOf(...texts: string[]): AsyncGenerator<LogRecord> {
  for (const [offset, text] of texts.entries()) {
    const value = new TextEncoder().encode(text);
    yield {
      ...{ topic: "predictions", partition: 0, offset, appendMs: 0 },
      ...{ key: null, value, headers: NO_HEADERS },
    };
  }
}

const textOf = (window: object) => JSON.stringify({ ...WINDOW, ...window });

async function compare(reference: readonly string[], other: readonly string[]): Promise<void> {
  const path = await Deno.makeTempFile();
  try {
    const outputs = await ReferenceOutputs.of(recordsOf(...reference), { name: "ours", path });
    assert.equal(outputs.count, reference.length);
    await outputs.compare(recordsOf(...other), "Peer, windows");
  } finally {
    await Deno.remove(path);
  }
}

Deno.test("ReferenceOutputs takes other orders, and numbers written otherwise", async () => {
  const { client_id, ...rest } = WINDOW;
  const reordered = JSON.stringify({ ...rest, client_id }).replace("[1,2.5]", "[1.0,25e-1]");
  const second = textOf({ window_start: 101, window_end: 116 });
  await compare([textOf({}), second], [second, reordered]);
});

for (
  const [title, other, message] of [
    ["another value", [textOf({ consumption: [1, 2] })], /\[1,2\].*, where ours has .*\[1,2\.5\]/],
    ["another user's", [textOf({ username: "ben" })], /ours has no ben\/home at 100/],
    ["nothing", [], /1 outputs are missing, the first is .*"window_start":100/],
    ["the same twice", [textOf({}), textOf({})], /Peer, windows differ: anna\/home at 100 comes/],
  ] as const
) {
  Deno.test(`ReferenceOutputs shows the first difference: ${title}`, async () => {
    await assert.rejects(compare([textOf({})], other), message);
  });
}

Deno.test("ReferenceOutputs refuses outputs of ours that come twice", async () => {
  await assert.rejects(compare([textOf({}), textOf({})], []), /Outputs of ours differ/);
});

Deno.test("ReferenceOutputs counts what is lost, different, invented and doubled", async () => {
  const path = await Deno.makeTempFile();
  const windowAt = (start: number, own = {}) => textOf({ window_start: start, ...own });
  try {
    const expected = recordsOf(windowAt(1), windowAt(2), windowAt(3), windowAt(4));
    const outputs = await ReferenceOutputs.of(expected, { name: "ours", path });
    const other = recordsOf(
      ...[windowAt(1), windowAt(1), windowAt(2, { consumption: [] })],
      ...[windowAt(7), windowAt(7)],
    );
    assert.deepEqual(await outputs.tally(other), {
      ...{ expected: 4, lost: 2, different: 1, invented: 1, doubled: 2 },
    });
  } finally {
    await Deno.remove(path);
  }
});
