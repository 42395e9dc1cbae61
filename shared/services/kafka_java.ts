/** Running Kafka's classes: the broker's arguments, and its command-line tools. */
import { fileURLToPath } from "node:url";
import { WattstreamError } from "../errors.ts";

const LOG_CONFIG = new URL("../../deploy/services/log4j2.properties", import.meta.url);

/** What runs Kafka: made by `installKafka`. */
export interface KafkaRuntime {
  /** Path of the `java` command. */
  readonly java: string;
  readonly classPath: string;
}

/** A class of Kafka's with a `main`, for example `kafka.Kafka`. */
export interface JavaProgram {
  readonly className: string;
  readonly args: readonly string[];
  /** Largest heap, MiB. */
  readonly heapMiB: number;
  /** Compiles in full what runs often: worth it for what runs long and under load. */
  readonly optimized: boolean;
}

/** The arguments of `java` that run a program. */
export function javaArgs(runtime: KafkaRuntime, program: JavaProgram): string[] {
  return [
    `-Xmx${program.heapMiB}m`,
    // On few cores the simplest collector starts quickest and is in nobody's way.
    "-XX:+UseSerialGC",
    // Measured: a broker serves after 1.7 s of CPU in place of 3.0 s.
    ...(program.optimized ? [] : ["-XX:TieredStopAtLevel=1"]),
    "-Djava.awt.headless=true",
    `-Dlog4j2.configurationFile=${fileURLToPath(LOG_CONFIG)}`,
    "-cp",
    runtime.classPath,
    program.className,
    ...program.args,
  ];
}

/** A run of one of Kafka's command-line tools. */
export interface KafkaTool {
  /**
   * For example `org.apache.kafka.tools.ConsoleProducer`, `org.apache.kafka.tools.ProducerPerformance`
   * or `org.apache.kafka.tools.consumer.group.ConsumerGroupCommand`.
   */
  readonly className: string;
  readonly args: readonly string[];
  /** Its standard input; empty by default. */
  readonly input?: string;
}

/**
 * Runs a tool to its end and returns its standard output.
 * @throws WattstreamError `unavailable` with what it printed when it fails.
 */
export async function runKafkaTool(runtime: KafkaRuntime, tool: KafkaTool): Promise<string> {
  const program = { className: tool.className, args: tool.args, heapMiB: 256, optimized: false };
  const quiet = "-Dwattstream.log.level=warn";
  await using child = new Deno.Command(runtime.java, {
    args: [quiet, ...javaArgs(runtime, program)],
    stdin: "piped",
    stdout: "piped",
    stderr: "piped",
  }).spawn();
  const input = new Blob([tool.input ?? ""]).stream().pipeTo(child.stdin);
  const [{ success, stdout, stderr }, sent] = await Promise.all([
    child.output(),
    input.then(() => undefined, (error: unknown) => error),
  ]);
  const text = new TextDecoder().decode(stdout);
  if (success && sent === undefined) return text;
  const printed = `${text}${new TextDecoder().decode(stderr)}`.trim();
  throw new WattstreamError(
    "unavailable",
    printed.includes("UnsupportedClassVersionError")
      ? "Install Java 17 or newer, for example: sudo apt-get install openjdk-17-jre-headless"
      : `${tool.className} failed: ${printed}`,
    { cause: sent },
  );
}
