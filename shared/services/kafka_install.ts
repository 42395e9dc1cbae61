/** Apache Kafka's jars, fetched once by Maven into the cache folder. */
import { requireCommands } from "./commands.ts";
import type { KafkaRuntime } from "./kafka_java.ts";
import { installJars } from "./maven_jars.ts";
import type { Report } from "./report.ts";

const KAFKA = {
  name: "kafka",
  title: "Apache Kafka (55 MB, once)",
  pom: new URL("../../deploy/services/pom.xml", import.meta.url),
};

/**
 * What runs Kafka and its tools, after fetching them where that has not been done yet.
 * @throws WattstreamError `unavailable` when Java or Maven is missing or Maven cannot fetch.
 */
export async function installKafka(report: Report): Promise<KafkaRuntime> {
  const folder = await installJars(KAFKA, report);
  const { java } = await requireCommands(["java"], report);
  return { java, classPath: `${folder}/*` };
}
