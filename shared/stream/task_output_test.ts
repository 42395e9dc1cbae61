import assert from "node:assert/strict";
import { ByteRange } from "../bytes/byte_range.ts";
import type { NewData, NewRecord } from "../log/log.ts";
import { householdParts, RecordingSink } from "../testing/recording_sink.ts";
import { TaskOutput } from "./task_output.ts";

function textOf(data: NewData): string {
  assert.ok(data instanceof ByteRange);
  return new TextDecoder().decode(data.view());
}

function valuesOf(records: readonly NewRecord[]): string[] {
  return records.map(({ value }) => textOf(value));
}

/** Puts out a text of so many bytes behind the names. */
function put(output: TaskOutput, text: string): void {
  output.begin(householdParts(new RecordingSink(), 0).name, "out").text(text);
  output.end();
}

const NAMES = '{"client_id":"h","username":"u"';

Deno.test("TaskOutput has each output as a record with its key, in order", () => {
  const output = new TaskOutput(3);
  put(output, "}");
  output.add({ topic: "dead-letter", key: null, value: "letter" }, 6);
  assert.equal(output.size, `h${NAMES}}`.length + 6);
  const [record, letter] = output.take();
  assert.deepEqual([record!.topic, record!.partition, textOf(record!.key)], ["out", 3, "h"]);
  assert.equal(textOf(record!.value), `${NAMES}}`);
  assert.deepEqual(letter, { topic: "dead-letter", key: null, value: "letter" });
  assert.deepEqual(output.take(), []);
});

Deno.test("TaskOutput keeps what was put out while its memory grows", () => {
  const output = new TaskOutput(3);
  const texts = Array.from({ length: 300 }, (_, index) => `,"n":${"x".repeat(index)}}`);
  for (const text of texts) put(output, text);
  const records = output.take();
  assert.deepEqual(valuesOf(records), texts.map((text) => NAMES + text));
});

Deno.test("TaskOutput.reuse() takes the same memory for others", () => {
  const output = new TaskOutput(3);
  put(output, "1");
  const [first] = output.take();
  output.reuse();
  assert.equal(output.size, 0);
  put(output, "2");
  assert.equal(output.take()[0], first);
  assert.deepEqual(valuesOf([first!]), [`${NAMES}2`]);
});
