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
  for (let message = 0; message < count; message++) queue.push(message, 10);
  return queue;
}

Deno.test("SessionQueue.next() gives messages in order until the window is full", () => {
  const queue = queueOf(3, 2);
  assert.deepEqual(drain(queue), [[0, 1, false], [1, 2, false]]);
  assert.equal(queue.acknowledge(2), 1);
  assert.deepEqual(drain(queue), [[2, 3, false]]);
  assert.equal(queue.pending, 2);
});

Deno.test("SessionQueue.acknowledge() gives the message of an id in flight, and knows no other", () => {
  const queue = queueOf(1, 1);
  assert.equal(queue.acknowledge(1), undefined);
  drain(queue);
  assert.equal(queue.acknowledge(1), 0);
  assert.equal(queue.acknowledge(1), undefined);
  assert.equal(queue.pending, 0);
});

Deno.test("SessionQueue.rewind() sends the unacknowledged again, in order and before new ones", () => {
  const queue = queueOf(4, 3);
  drain(queue);
  queue.acknowledge(2);
  queue.rewind();
  queue.push(4, 10);
  assert.equal(queue.pending, 4);
  assert.equal(queue.acknowledge(1), undefined, "an id of the old connection means nothing now");
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

Deno.test("SessionQueue.dropBeyond() drops the oldest that wait, by number and by bytes", () => {
  const queue = queueOf(6, 2);
  drain(queue);
  assert.equal(queue.dropBeyond({ messages: 6, bytes: 60 }), 0);
  assert.equal(queue.dropBeyond({ messages: 4, bytes: 1000 }), 2);
  assert.equal(queue.dropBeyond({ messages: 1000, bytes: 30 }), 1);
  assert.deepEqual([queue.acknowledge(1), queue.acknowledge(2)], [0, 1]);
  assert.deepEqual(drain(queue), [[5, 3, false]]);
  assert.equal(queue.pending, 1);
});

Deno.test("SessionQueue.dropBeyond() leaves what is in flight, until the connection is gone", () => {
  const queue = queueOf(3, 3);
  drain(queue);
  assert.equal(queue.dropBeyond({ messages: 1, bytes: 1 }), 0);
  queue.rewind();
  assert.equal(queue.dropBeyond({ messages: 1, bytes: 1000 }), 2);
  assert.deepEqual(drain(queue), [[2, 4, true]]);
});

Deno.test("SessionQueue.isFull() is so by number and by bytes, until some are acknowledged", () => {
  const queue = queueOf(3, 3);
  drain(queue);
  assert.equal(queue.isFull({ messages: 3, bytes: 1000 }), true);
  assert.equal(queue.isFull({ messages: 4, bytes: 30 }), true);
  assert.equal(queue.isFull({ messages: 4, bytes: 31 }), false);
  queue.acknowledge(1);
  assert.equal(queue.isFull({ messages: 3, bytes: 30 }), false);
});

Deno.test("SessionQueue keeps its account over any pushes, sends, losses and acknowledgements", () => {
  const queue = new SessionQueue<number>(5);
  const limits = { messages: 40, bytes: 1e9 };
  let expected: number[] = [];
  let flying = new Map<number, number>();
  let random = 1;
  const draw = (below: number) => (random = random * 48_271 % 2_147_483_647) % below;
  for (let step = 0, message = 0; step < 20_000; step++) {
    const action = draw(10);
    if (action < 5) {
      queue.push(message, 1);
      expected.push(message++);
      const dropped = queue.dropBeyond(limits);
      const waiting = expected.filter((one) => ![...flying.values()].includes(one));
      expected = expected.filter((one) => !waiting.slice(0, dropped).includes(one));
      assert.ok(expected.length <= limits.messages);
    } else if (action < 7) {
      const next = queue.next();
      if (next !== undefined) flying.set(next.messageId, next.message);
    } else if (action < 9) {
      const [id, one] = [...flying][draw(Math.max(1, flying.size))] ?? [];
      if (id === undefined) continue;
      assert.equal(queue.acknowledge(id), one);
      flying.delete(id);
      expected = expected.filter((each) => each !== one);
    } else {
      queue.rewind();
      flying = new Map();
    }
    assert.equal(queue.pending, expected.length);
  }
  queue.rewind();
  const rest: number[] = [];
  for (let next = queue.next(); next !== undefined; next = queue.next()) {
    rest.push(next.message);
    queue.acknowledge(next.messageId);
  }
  assert.deepEqual(rest, expected);
});
