import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import { BASE_SEQUENCE_AT, COUNT_AT } from "./batch_format.ts";
import { BATCH_BYTES_MAX } from "./batch_writer.ts";
import { OutgoingBatches, Producer } from "./outgoing.ts";
import { Partitioner } from "./partitioner.ts";

const identity = { producerId: 1n, epoch: 0, isTransactional: false };

function outgoing(): OutgoingBatches {
  return new OutgoingBatches({
    partitioner: new Partitioner(() => 4, () => 0),
    compression: "none",
    timeMs: 0,
    writers: new Map(),
  });
}

Deno.test("OutgoingBatches cuts by bytes: a batch a partition and round, in order", () => {
  const batches = outgoing();
  for (let index = 0; index < 25; index++) {
    const partition = index % 5 === 0 ? 1 : 2;
    batches.add({ topic: "t", partition, key: null, value: "x".repeat(100_000) });
  }
  const rounds = batches.rounds(new Producer(identity));
  assert.deepEqual(
    rounds.map((round) =>
      round.map(({ partition, batch }) => {
        const bytes = Buffer.from(batch);
        return [partition, bytes.readInt32BE(BASE_SEQUENCE_AT), bytes.readInt32BE(COUNT_AT)];
      })
    ),
    [[[1, 0, 5], [2, 0, 9]], [[2, 9, 9]], [[2, 18, 2]]],
  );
  assert.ok(rounds.flat().every(({ batch }) => batch.length <= BATCH_BYTES_MAX));
  assert.deepEqual(batches.partitions(), [
    { topic: "t", partition: 1 },
    { topic: "t", partition: 2 },
  ]);
});

Deno.test("OutgoingBatches keeps topics and partitions apart that take turns", () => {
  const batches = outgoing();
  const places = [["a", 1], ["b", 1], ["b", 2], ["a", 1], ["a", 1]] as const;
  for (const [topic, partition] of places) {
    batches.add({ topic, partition, key: null, value: "x" });
  }
  const [round] = batches.rounds(new Producer(identity));
  assert.deepEqual(
    round!.map(({ topic, partition, batch }) => [
      topic,
      partition,
      Buffer.from(batch).readInt32BE(COUNT_AT),
    ]),
    [["a", 1, 3], ["b", 1, 1], ["b", 2, 1]],
  );
});

Deno.test("Producer numbers on across batches, and starts again behind the last number", () => {
  const producer = new Producer(identity);
  assert.equal(producer.sequence("t/0", 10), 0);
  assert.equal(producer.sequence("t/1", 3), 0);
  assert.equal(producer.sequence("t/0", 2 ** 31 - 11), 10);
  assert.equal(producer.sequence("t/0", 3), 2 ** 31 - 1);
  assert.equal(producer.sequence("t/0", 1), 2);
});
