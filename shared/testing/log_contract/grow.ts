/** The contract of `Log.raisePartitions` and `Log.setMemory`: how a log gets more partitions. */
import assert from "node:assert/strict";
import { hasCode } from "../../errors.ts";
import { memoryTopic } from "../../log/log.ts";
import { partitionOf } from "../../log/partition.ts";
import { append } from "./append.ts";
import {
  aborted,
  type ContractTest,
  NOTHING,
  readCount,
  soon,
  stateOf,
  text,
  within,
} from "./world.ts";

const KEYS = Array.from({ length: 20 }, (_, index) => `key-${index}`);

export function growContract(test: ContractTest): void {
  test("raisePartitions() adds partitions, and leaves what is there", async (world) => {
    const [topic, other] = [await world.topic("growing", 2), await world.topic("large", 7)];
    const { log } = world;
    await append(log, KEYS.map((key) => ({ topic, key, value: "old" })));
    for (const partitions of [5, 5, 3]) {
      await log.raisePartitions([{ name: topic, partitions }, { name: other, partitions: 5 }]);
      const counts = (await log.describe([topic, other])).map((each) => each.partitions.length);
      assert.deepEqual(counts, [5, 7]);
    }
    await append(log, KEYS.map((key) => ({ topic, key, value: "new" })));
    for (const { key, value, partition } of await readCount(log, topic, 2 * KEYS.length)) {
      const count = text(value) === "old" ? 2 : 5;
      assert.equal(partition, partitionOf(key!, count), `${text(value)} ${text(key)}`);
    }
    await assert.rejects(
      log.raisePartitions([{ name: world.name("missing"), partitions: 5 }]),
      (error) => hasCode(error, "unavailable") && error.message.includes(world.name("missing")),
    );
  });

  test("raisePartitions() gives a group more tasks", async (world) => {
    const input = await world.topic("growing", 1);
    const group = { group: world.name("group"), inputs: [input] };
    await world.runOnce(world.log, group, async (task) => {
      await task.loadMemory();
      await task.commit({ ...NOTHING, memory: new Map([["a", "1"]]), offsets: [0] });
    });
    const memory = { name: memoryTopic(group.group), partitions: 2, compacted: true };
    await world.log.createTopics([memory]);
    await world.log.raisePartitions([memory, { name: input, partitions: 2 }]);
    await world.log.setMemory(group.group, 1, new Map([["b", "2"]]));
    const found = new Map<number, string[]>();
    const member = world.join(await world.open(), group, async (task, signal) => {
      found.set(task.partition, [...(await task.loadMemory()).keys()]);
      await aborted(signal);
    });
    await soon(() => assert.deepEqual(found, new Map([[0, ["a"]], [1, ["b"]]])));
    await member.stop();
  });

  test("setMemory() sets entries, and fences the owner of the task", async (world) => {
    const input = await world.topic("in");
    const group = { group: world.name("group"), inputs: [input] };
    const other = await world.open();
    const isLoaded = Promise.withResolvers<void>();
    const isSet = Promise.withResolvers<void>();
    const refusal = Promise.withResolvers<unknown>();
    const member = world.join(world.log, group, async (task, signal) => {
      await task.loadMemory();
      const entries = new Map([["a", "owner"], ["b", "owner"]]);
      await task.commit({ ...NOTHING, memory: entries, offsets: [0] });
      isLoaded.resolve();
      await isSet.promise;
      const late = new Map([["a", "late"]]);
      const refused = await task.commit({ ...NOTHING, memory: late, offsets: [0] })
        .then(() => undefined, (error) => error);
      refusal.resolve(refused);
      await aborted(signal);
    });
    await within(isLoaded.promise, "the owner has committed");
    await other.setMemory(group.group, 0, new Map([["b", "outsider"], ["c", "outsider"]]));
    isSet.resolve();
    assert.ok(hasCode(await within(refusal.promise, "the owner was refused"), "fenced"));
    await member.stop();
    const { memory } = await world.runOnce(other, group, stateOf);
    const entries = [["a", "owner"], ["b", "outsider"], ["c", "outsider"]];
    assert.deepEqual([...memory].sort(), entries);
  });
}
