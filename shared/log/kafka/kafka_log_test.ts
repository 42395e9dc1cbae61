/** The Kafka adapter against the contract of the log port, on a real Kafka. */
import { logContract } from "../../testing/log_contract.ts";
import { type Kafka, startKafka } from "../../services/kafka.ts";
import { openLog } from "../open.ts";
import { removeBefore } from "./testing/remove_records.ts";

let kafka: Kafka;
let testCount = 0;

Deno.test.beforeAll(async () => {
  kafka = await startKafka();
});

Deno.test.afterAll(() => kafka.stop());

logContract("kafka", () =>
  Promise.resolve({
    prefix: `contract-${testCount++}-`,
    open: () => openLog(kafka.url),
    removeBefore: (topic, offset) => removeBefore(kafka, topic, offset),
    close: () => Promise.resolve(),
  }));
