/** The Mosquitto of `deploy/mosquitto`, on free ports, with users and certificates made for it. */
import { makeCertificates } from "../../shared/services/certificates.ts";
import { requireCommands } from "../../shared/services/commands.ts";
import { freePorts } from "../../shared/services/ports.ts";
import { noReport } from "../../shared/services/report.ts";
import { Server } from "../../shared/services/server.ts";

const DEPLOY = new URL("../../deploy/mosquitto/", import.meta.url);
const KEY = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes"];

export interface ClientCertificate {
  readonly certPath: string;
  readonly keyPath: string;
}

export interface SecureMosquitto {
  /** For users with passwords. */
  readonly url: string;
  /** For users with certificates. */
  readonly certificateUrl: string;
  /** For the bridge. */
  readonly bridgeUrl: string;
  readonly folder: string;
  readonly caPath: string;
  /** Another authority, that nobody here trusts. */
  readonly foreignCaPath: string;
  /** A client's certificate from the broker's authority, or from the foreign one. */
  certificate(
    name: string,
    options?: { readonly expired?: boolean; readonly foreign?: boolean },
  ): Promise<ClientCertificate>;
  stop(): Promise<void>;
}

/** @param edit changes the settings as a user may. */
export async function startSecureMosquitto(
  passwords: Readonly<Record<string, string>>,
  edit: (settings: string) => string = (settings) => settings,
): Promise<SecureMosquitto> {
  const commands = await requireCommands(["mosquitto", "mosquitto_passwd", "openssl"], noReport);
  const folder = await Deno.makeTempDir({ prefix: "wattstream-secure-mosquitto-" });
  await Deno.mkdir(`${folder}/config/certs`, { recursive: true });
  await Deno.mkdir(`${folder}/data`);
  await Deno.mkdir(`${folder}/foreign`);
  const { caPath } = await makeCertificates(
    { folder: `${folder}/config/certs`, expired: false },
    noReport,
  );
  const foreign = await makeCertificates({ folder: `${folder}/foreign`, expired: false }, noReport);
  const [port, certificatePort, bridgePort] = freePorts(3);
  const text = edit(await Deno.readTextFile(new URL("mosquitto.conf", DEPLOY)))
    .replaceAll("/mosquitto/", `${folder}/`)
    .replace("listener 8883", `listener ${port} 127.0.0.1`)
    .replace("listener 8884", `listener ${certificatePort} 127.0.0.1`)
    .replace("listener 8885", `listener ${bridgePort} 127.0.0.1`);
  // Root would become the user mosquitto, who may not write here.
  const user = Deno.uid() === 0 ? "user root\n" : "";
  await Deno.writeTextFile(`${folder}/config/mosquitto.conf`, user + text);
  const acl = await Deno.readTextFile(new URL("acl", DEPLOY));
  await Deno.writeTextFile(`${folder}/config/acl`, acl, { mode: 0o600 });
  const users = Object.entries(passwords).map(([name, password]) => `${name}:${password}\n`);
  await Deno.writeTextFile(`${folder}/config/passwords`, users.join(""), { mode: 0o600 });
  await run(commands.mosquitto_passwd, ["-U", `${folder}/config/passwords`]);
  const server = new Server({
    name: "Mosquitto",
    port: port!,
    command: commands.mosquitto,
    args: ["-c", `${folder}/config/mosquitto.conf`],
    logPath: `${folder}/mosquitto.log`,
    keepPath: undefined,
  });
  const stop = async () => {
    await server.kill();
    await Deno.remove(folder, { recursive: true });
  };
  try {
    await server.launch();
    await server.untilServing(async () => {
      (await Deno.connect({ hostname: "127.0.0.1", port: port! })).close();
    });
  } catch (error) {
    await stop();
    throw error;
  }
  return {
    url: `mqtts://127.0.0.1:${port}`,
    certificateUrl: `mqtts://127.0.0.1:${certificatePort}`,
    bridgeUrl: `mqtts://127.0.0.1:${bridgePort}`,
    folder,
    caPath,
    foreignCaPath: foreign.caPath,
    certificate: async (name, { expired = false, foreign = false } = {}) => {
      const authority = foreign ? `${folder}/foreign` : `${folder}/config/certs`;
      const base = `${folder}/${name}-${expired}-${foreign}`;
      const request = ["-subj", `/CN=${name}`, "-keyout", `${base}.key`, "-out", `${base}.csr`];
      await run(commands.openssl, ["req", "-new", ...KEY, ...request]);
      const signer = ["-CA", `${authority}/ca.pem`, "-CAkey", `${authority}/ca.key`];
      await run(commands.openssl, [
        ...["x509", "-req", "-in", `${base}.csr`, "-out", `${base}.pem`],
        ...[...signer, "-CAcreateserial", "-days", expired ? "-1" : "30"],
      ]);
      return { certPath: `${base}.pem`, keyPath: `${base}.key` };
    },
    stop,
  };
}

async function run(command: string, args: readonly string[]): Promise<void> {
  const { success, stderr } = await new Deno.Command(command, {
    args: [...args],
    stdin: "null",
    stdout: "null",
  }).output();
  if (!success) throw new Error(`${command} failed: ${new TextDecoder().decode(stderr)}`);
}
