/** The page's own server, with TLS or without. */
import { messageOf, WattstreamError } from "../../../shared/errors.ts";
import { readSetting } from "../../../shared/service/read_setting.ts";
import type { ConsoleConfig } from "../config.ts";

type Server = Deno.HttpServer<Deno.NetAddr>;
type Fetch = (
  request: Request,
  info: Deno.ServeHandlerInfo<Deno.NetAddr>,
) => Response | Promise<Response>;

export interface Listening {
  readonly server: Server;
  /** What people type. */
  readonly url: string;
}

/** @throws WattstreamError `config` where the address or the certificate cannot be used. */
export async function listen(
  config: Pick<ConsoleConfig, "console" | "tlsCert" | "tlsKey" | "basePath">,
  fetch: Fetch,
): Promise<Listening> {
  const { console: { hostname, port }, tlsCert, tlsKey, basePath } = config;
  const tls = tlsCert === undefined || tlsKey === undefined ? undefined : {
    cert: await readSetting("--tls-cert", tlsCert),
    key: await readSetting("--tls-key", tlsKey),
  };
  try {
    const server = Deno.serve({ hostname, port, onListen: () => {}, ...tls }, fetch);
    const address = `${urlHost(server.addr.hostname)}:${server.addr.port}`;
    const scheme = tls === undefined ? "http" : "https";
    return { server, url: `${scheme}://${address}${basePath}` };
  } catch (cause) {
    const certificate = tls === undefined ? "" : ", or another certificate and key";
    throw new WattstreamError(
      "config",
      `Choose another --console than ${urlHost(hostname)}:${port}${certificate}: ${
        messageOf(cause)
      }`,
      { cause },
    );
  }
}

function urlHost(hostname: string): string {
  return hostname.includes(":") ? `[${hostname}]` : hostname;
}
