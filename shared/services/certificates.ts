/** A certificate authority of our own and a server's certificate from it, made by openssl. */
import { WattstreamError } from "../errors.ts";
import { requireCommands } from "./commands.ts";
import type { Report } from "./report.ts";

/** PEM files. */
export interface Certificates {
  /** The authority's certificate: what clients trust. */
  readonly caPath: string;
  /** The server's certificate, for 127.0.0.1 and localhost. */
  readonly certificatePath: string;
  readonly keyPath: string;
}

export interface CertificateOptions {
  /** Takes the files. Must exist. */
  readonly folder: string;
  /** The server's certificate ran out a day ago. */
  readonly expired: boolean;
  /** Further names and addresses of the server, as openssl writes them: `DNS:broker`, `IP:10.0.0.1`. */
  readonly names?: readonly string[];
}

const KEY = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes"];
const SERVER_NAMES = ["IP:127.0.0.1", "DNS:localhost"];
const VALID_DAYS = "30";

/** Makes an authority and a server's certificate. @throws WattstreamError `unavailable` when openssl fails. */
export async function makeCertificates(
  { folder, expired, names = [] }: CertificateOptions,
  report: Report,
): Promise<Certificates> {
  const { openssl } = await requireCommands(["openssl"], report);
  const run = (...args: string[]) => runOpenssl(openssl, folder, args);
  const authority = ["-subj", "/CN=Wattstream test authority", "-days", VALID_DAYS];
  await run("req", "-x509", ...KEY, ...authority, "-keyout", "ca.key", "-out", "ca.pem");
  const subject = ["-subj", "/CN=localhost", "-addext"];
  const server = [...subject, `subjectAltName=${[...SERVER_NAMES, ...names].join(",")}`];
  await run("req", "-new", ...KEY, ...server, "-keyout", "server.key", "-out", "server.csr");
  const signer = ["-CA", "ca.pem", "-CAkey", "ca.key", "-CAcreateserial"];
  const validity = ["-days", expired ? "-1" : VALID_DAYS];
  const request = ["-req", "-in", "server.csr", "-copy_extensions", "copy", "-out", "server.pem"];
  await run("x509", ...request, ...signer, ...validity);
  return {
    caPath: `${folder}/ca.pem`,
    certificatePath: `${folder}/server.pem`,
    keyPath: `${folder}/server.key`,
  };
}

async function runOpenssl(openssl: string, folder: string, args: string[]): Promise<void> {
  const { success, stderr } = await new Deno.Command(openssl, {
    args,
    cwd: folder,
    stdin: "null",
    stdout: "null",
  }).output();
  if (success) return;
  throw new WattstreamError(
    "unavailable",
    `openssl ${args[0]} failed: ${new TextDecoder().decode(stderr).trim()}`,
  );
}
