/** Setting entries of a task's memory from outside: a transaction of the task's own producer. */
import { hasCode } from "../../../errors.ts";
import type { ReadParts } from "../records/read_log.ts";
import { memoryRecords } from "./task_memory.ts";
import { OUTSIDER, TransactionalProducer } from "./transaction.ts";
import type { TransactionTarget } from "./transaction_requests.ts";

/** Where an owner takes over again and again, or answers are lost. */
const ATTEMPTS_MAX = 10;

/** `Log.setMemory`: fences whoever owns the task, then writes. Done twice it is the same. */
export async function setKafkaMemory(
  { cluster, nowMs }: ReadParts,
  target: TransactionTarget,
  entries: ReadonlyMap<string, string>,
): Promise<void> {
  for (let attempt = 1;; attempt++) {
    const producer = new TransactionalProducer({ cluster, target, ownership: OUTSIDER, nowMs });
    try {
      await producer.init();
      const records = memoryRecords(target.group, target.partition, entries);
      return await producer.commit(await producer.encode(records), []);
    } catch (error) {
      if (!hasCode(error, "fenced") || attempt === ATTEMPTS_MAX) throw error;
    } finally {
      await producer.close();
    }
  }
}
