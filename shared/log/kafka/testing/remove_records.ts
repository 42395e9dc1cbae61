/** Removes records from a topic, as retention or `kafka-delete-records` does. */
import { Admin } from "@platformatic/kafka";
import type { Kafka } from "../../../services/kafka.ts";

/** Removes what a partition holds before `offset`. */
export async function removeBefore(
  kafka: Kafka,
  topic: string,
  offset: number,
  partition = 0,
): Promise<void> {
  const bootstrapBrokers = kafka.url.replace("kafka://", "").split(",");
  const admin = new Admin({ clientId: "foreign", bootstrapBrokers });
  try {
    await admin.deleteRecords({
      topics: [{ name: topic, partitions: [{ partition, offset: BigInt(offset) }] }],
    });
  } finally {
    await admin.close();
  }
}
