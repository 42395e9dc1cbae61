/** A real Mosquitto on this machine, from the system's package, for development and tests. */
import { connectAsync } from "mqtt";
import { WattstreamError } from "../errors.ts";
import { makeCertificates } from "./certificates.ts";
import { requireCommands } from "./commands.ts";
import { mosquittoConfig } from "./mosquitto_config.ts";
import { freePorts } from "./ports.ts";
import { noReport, type Report } from "./report.ts";
import { Server } from "./server.ts";

export interface MosquittoOptions {
  /** Passwords by user; without, everyone is let in. */
  readonly passwords?: Readonly<Record<string, string>>;
  /** Text of an access list, as `acl_file` takes it. */
  readonly accessList?: string;
  /** MQTT over TLS, with a certificate from an authority of its own. */
  readonly tls?: { readonly certificateExpired?: boolean };
  /** Further lines of `mosquitto.conf`. */
  readonly extra?: string;
  /** Takes settings, data and log; a temporary folder that `stop` removes by default. */
  readonly folder?: string;
  /**
   * Where there is a file at this path when this process ends, the server goes on; otherwise
   * it ends within about a second.
   */
  readonly keepPath?: string | undefined;
  readonly report?: Report;
}

/** A running server. */
export interface Mosquitto {
  /** `mqtt://127.0.0.1:PORT`, or `mqtts://` with TLS. */
  readonly url: string;
  readonly broker: MosquittoBroker;
  /** PEM of the authority that clients must trust; undefined without TLS. */
  readonly caPath: string | undefined;
  /** Settings, data and log. */
  readonly folder: string;
  /** Kills the server, whose data nobody needs any more. Harmless when called again. */
  stop(): Promise<void>;
}

/** The server process. `stop` saves what is queued, `kill` loses what autosave has not written. */
export class MosquittoBroker extends Server {
  constructor(
    command: string,
    options: { port: number; folder: string; keepPath: string | undefined },
  ) {
    const { folder, keepPath, port } = options;
    const args = ["-c", `${folder}/mosquitto.conf`];
    super({ name: "Mosquitto", port, command, args, logPath: `${folder}/mosquitto.log`, keepPath });
  }

  /** Starts it, on the same port and data as before, and resolves once it serves. */
  async start(): Promise<void> {
    await this.launch();
    await this.untilServing(async () => {
      const connection = await Deno.connect({ hostname: "127.0.0.1", port: this.port });
      connection.close();
    });
  }
}

/**
 * Starts an empty server and resolves once it serves.
 * @throws WattstreamError `unavailable` that says what to install, or why it does not start.
 */
export async function startMosquitto(options: MosquittoOptions = {}): Promise<Mosquitto> {
  const report = options.report ?? noReport;
  const { mosquitto } = await requireCommands(["mosquitto"], report);
  const folder = options.folder ?? await Deno.makeTempDir({ prefix: "wattstream-mosquitto-" });
  const port = freePorts(1)[0]!;
  const caPath = await writeSettings(options, { port, folder, report });
  const broker = new MosquittoBroker(mosquitto, {
    port,
    folder,
    keepPath: options.keepPath,
  });
  const stop = async () => {
    await broker.kill();
    if (options.folder === undefined) await removeFolder(folder);
  };
  try {
    report("Starting Mosquitto");
    await broker.start();
  } catch (error) {
    await stop();
    throw error;
  }
  const url = `${caPath === undefined ? "mqtt" : "mqtts"}://127.0.0.1:${port}`;
  return { url, broker, caPath, folder, stop };
}

/**
 * Connects to the server on this port of 127.0.0.1 that lets everyone in.
 * @throws an error while it does not answer.
 */
export async function checkConnects(port: number): Promise<void> {
  const client = await connectAsync(`mqtt://127.0.0.1:${port}`, {
    protocolVersion: 5,
    reconnectPeriod: 0,
    connectTimeout: 2000,
  }, false);
  await client.endAsync();
}

/** Writes `mosquitto.conf` and the files that it names; returns the path of the authority's PEM. */
async function writeSettings(
  options: MosquittoOptions,
  { port, folder, report }: { port: number; folder: string; report: Report },
): Promise<string | undefined> {
  const dataFolder = `${folder}/data`;
  await Deno.mkdir(dataFolder, { recursive: true });
  const certificates = options.tls && await makeCertificates({
    folder,
    expired: options.tls.certificateExpired ?? false,
  }, report);
  const passwordPath = options.passwords &&
    await writePasswords(options.passwords, `${folder}/passwords`, report);
  const accessListPath = options.accessList === undefined ? undefined : `${folder}/access_list`;
  if (accessListPath !== undefined) {
    await Deno.writeTextFile(accessListPath, options.accessList!, { mode: 0o600 });
  }
  const text = mosquittoConfig({
    port,
    dataFolder,
    isRoot: Deno.uid() === 0,
    passwordPath,
    accessListPath,
    certificates,
    extra: options.extra ?? "",
  });
  await Deno.writeTextFile(`${folder}/mosquitto.conf`, text);
  return certificates?.caPath;
}

/** Writes the passwords and has them hashed in place. */
async function writePasswords(
  passwords: Readonly<Record<string, string>>,
  path: string,
  report: Report,
): Promise<string> {
  const { mosquitto_passwd } = await requireCommands(["mosquitto_passwd"], report);
  const lines = Object.entries(passwords).map(([user, password]) => `${user}:${password}\n`);
  await Deno.writeTextFile(path, lines.join(""), { mode: 0o600 });
  const { success, stderr } = await new Deno.Command(mosquitto_passwd, {
    args: ["-U", path],
    stdin: "null",
    stdout: "null",
  }).output();
  if (success) return path;
  throw new WattstreamError(
    "unavailable",
    `mosquitto_passwd failed: ${new TextDecoder().decode(stderr).trim()}`,
  );
}

async function removeFolder(folder: string): Promise<void> {
  try {
    await Deno.remove(folder, { recursive: true });
  } catch (error) {
    // Stopped before.
    if (!(error instanceof Deno.errors.NotFound)) throw error;
  }
}
