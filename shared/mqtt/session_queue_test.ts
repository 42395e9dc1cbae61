import assert from "node:assert/strict";
import { SessionQueue } from "./session_queue.ts";

function drain(queue: SessionQueue<number>): [message: number, id: number, dup: boolean][] {
  const sent: [number, number, boolean][] = [];
  for (let next = queue.next(); next !== undefined; next = queue.next()) {
    sent.push([next.message, next.messageId, next.dup]);
  }
  return sent;
}

function queueOf(count: number, window: number): SessionQueue<number> {
  const queue = new SessionQueue<number>(window);
  for (let message = 0; message < count; message++) queue.push(message);
  return queue;
}

Deno.test("SessionQueue.next() gives messages in order until the window is full", () => {
  const queue = queueOf(3, 2);
  assert.deepEqual(drain(queue), [[0, 1, false], [1, 2, false]]);
  assert.ok(queue.acknowledge(2));
  assert.deepEqual(drain(queue), [[2, 3, false]]);
  assert.equal(queue.pending, 2);
});

Deno.test("SessionQueue.acknowledge() knows only ids in flight", () => {
  const queue = queueOf(1, 1);
  assert.equal(queue.acknowledge(1), false);
  drain(queue);
  assert.ok(queue.acknowledge(1));
  assert.equal(queue.acknowledge(1), false);
  assert.equal(queue.pending, 0);
});

Deno.test("SessionQueue.rewind() sends the unacknowledged again, in order and before new ones", () => {
  const queue = queueOf(4, 3);
  drain(queue);
  queue.acknowledge(2);
  queue.rewind();
  queue.push(4);
  assert.equal(queue.pending, 4);
  assert.equal(queue.acknowledge(1), false, "an id of the old connection means nothing now");
  assert.deepEqual(drain(queue), [[0, 4, true], [2, 5, true], [3, 6, false]]);
});

Deno.test("SessionQueue.next() takes no message id twice while one is in flight", () => {
  const queue = queueOf(200_000, 2);
  const first = queue.next()!;
  for (let message = 1; message < 200_000; message++) {
    const next = queue.next()!;
    assert.equal(next.message, message);
    assert.notEqual(next.messageId, first.messageId);
    assert.ok(next.messageId >= 1 && next.messageId <= 65_535);
    queue.acknowledge(next.messageId);
  }
  assert.equal(queue.pending, 1);
});
