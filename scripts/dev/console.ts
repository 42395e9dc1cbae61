/** The console of a run: where it is, and what it is started with. */
import { messageOf } from "../../shared/errors.ts";
import { freePorts, isFree } from "../../shared/services/ports.ts";
import { writeConsolePage } from "../build/console_page.ts";
import type { DevConfig } from "./config.ts";
import type { View } from "./view.ts";

const HOSTNAME = "127.0.0.1";
const FIRST_PORT = 8080;
/** Ports from the first one on that are tried before any is taken. */
const PORTS_TRIED = 100;

/**
 * The address of the console, for whoever opens it: the one asked for, or the first that is free.
 * Undefined where none is wanted, or its page cannot be bundled, which is told.
 */
export async function consoleAddress(
  { console: wanted, noConsole }: DevConfig,
  view: View,
): Promise<string | undefined> {
  if (noConsole) return undefined;
  try {
    await writeConsolePage();
  } catch (error) {
    view.line(`dev: no console, since its page cannot be bundled: ${messageOf(error)}`);
    return undefined;
  }
  const { hostname, port } = wanted ?? { hostname: HOSTNAME, port: firstFreePort() };
  const host = hostname.includes(":") ? `[${hostname}]` : hostname;
  return `${host}:${port === 0 ? freePorts(1)[0]! : port}`;
}

function firstFreePort(): number {
  const ports = Array.from({ length: PORTS_TRIED }, (_, index) => FIRST_PORT + index);
  return ports.find((port) => isFree(port)) ?? 0;
}
