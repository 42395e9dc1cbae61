/** A real HiveMQ CE on this machine, as it comes, for tests. It lets everyone in. */
import { requireCommands } from "../commands.ts";
import { installJars } from "../maven_jars.ts";
import { checkConnects } from "../mosquitto.ts";
import { freePorts } from "../ports.ts";
import { noReport, type Report } from "../report.ts";
import { Server } from "../server.ts";

const HIVEMQ = {
  name: "hivemq",
  title: "HiveMQ CE (96 MB, once)",
  pom: new URL("../../../deploy/services/hivemq/pom.xml", import.meta.url),
  sources: [new URL("../../../deploy/services/hivemq/OpenHiveMq.java", import.meta.url)],
};
const HEAP_MIB = 512;

/** A running server. */
export interface HiveMq {
  /** `mqtt://127.0.0.1:PORT`. */
  readonly url: string;
  readonly broker: HiveMqBroker;
  /** Kills the server, whose data nobody needs any more. Harmless when called again. */
  stop(): Promise<void>;
}

/** The server process: its sessions and queues are on disk, and outlive `kill`. */
export class HiveMqBroker extends Server {
  constructor(
    java: string,
    { jars, port, folder }: { jars: string; port: number; folder: string },
  ) {
    const args = [
      `-Xmx${HEAP_MIB}m`,
      "-XX:+UseSerialGC",
      "-XX:TieredStopAtLevel=1",
      ...["-cp", `${jars}/*:${jars}`, "OpenHiveMq", folder],
    ];
    const logPath = `${folder}/hivemq.log`;
    super({ name: "HiveMQ", port, command: java, args, logPath, keepPath: undefined });
  }

  /** Starts it, on the same port and data as before, and resolves once it serves. */
  async start(): Promise<void> {
    await this.launch();
    await this.untilServing(() => checkConnects(this.port));
  }
}

/**
 * Starts an empty server and resolves once it serves.
 * @throws WattstreamError `unavailable` that says what to install, or why it does not start.
 */
export async function startHiveMq(report: Report = noReport): Promise<HiveMq> {
  const jars = await installJars(HIVEMQ, report);
  const { java } = await requireCommands(["java"], report);
  const folder = await Deno.makeTempDir({ prefix: "wattstream-hivemq-" });
  const port = freePorts(1)[0]!;
  for (const name of ["conf", "data", "extensions"]) await Deno.mkdir(`${folder}/${name}`);
  await Deno.writeTextFile(`${folder}/conf/config.xml`, configXml(port));
  const broker = new HiveMqBroker(java, { jars, port, folder });
  let isStopped = false;
  const stop = async () => {
    await broker.kill();
    if (!isStopped) await Deno.remove(folder, { recursive: true });
    isStopped = true;
  };
  try {
    report("Starting HiveMQ");
    await broker.start();
  } catch (error) {
    await stop();
    throw error;
  }
  return { url: `mqtt://127.0.0.1:${port}`, broker, stop };
}

function configXml(port: number): string {
  return `<?xml version="1.0"?>
<hivemq>
  <listeners>
    <tcp-listener>
      <port>${port}</port>
      <bind-address>127.0.0.1</bind-address>
    </tcp-listener>
  </listeners>
  <anonymous-usage-statistics>
    <enabled>false</enabled>
  </anonymous-usage-statistics>
</hivemq>
`;
}
