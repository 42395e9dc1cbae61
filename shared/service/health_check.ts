/** `--check-health`: asks the worker that runs beside this process whether it is well, as containers want it. */
import { z } from "zod";
import { hasCode, messageOf, WattstreamError } from "../errors.ts";
import { type ConfigSource, flag, parseConfig } from "./config.ts";
import { printError } from "./terminal.ts";

/** Milliseconds that the worker may take to answer. */
const ANSWER_MS_MAX = 5_000;
/** What a server listens on that serves every address. */
const EVERYWHERE: Readonly<Record<string, string>> = { "0.0.0.0": "127.0.0.1", "::": "::1" };

const config = z.strictObject({ http: flag.address() });

/**
 * Asks `/healthz` at `--http` or `WATTSTREAM_HTTP`, which must be the worker's own.
 * @returns the exit code: 0 it is well, 1 it is not or does not answer, 2 no address is given.
 */
export async function checkHealth(source: ConfigSource): Promise<number> {
  let url = "";
  try {
    url = healthUrl(source);
    const response = await fetch(url, { signal: AbortSignal.timeout(ANSWER_MS_MAX) });
    const answer = await response.text();
    if (response.ok) return 0;
    printError(`${url} answers ${response.status}: ${answer.trim()}`);
  } catch (error) {
    printError(`--check-health: ${url} ${messageOf(error)}`);
    if (hasCode(error, "config")) return 2;
  }
  return 1;
}

function healthUrl(source: ConfigSource): string {
  const parsed = parseConfig(config, source);
  if (parsed === "help") throw new WattstreamError("config", "takes --http HOST:PORT");
  const { hostname, port } = parsed.config.http;
  const host = EVERYWHERE[hostname] ?? hostname;
  return `http://${host.includes(":") ? `[${host}]` : host}:${port}/healthz`;
}
