/** Free ports for servers that must come back on the same port after they were killed. */
import { WattstreamError } from "../../errors.ts";

/**
 * Below the range from which systems take the ports of outgoing connections (32768 and up). A port
 * of that range is lost as soon as any connection happens to get it while its server is down, and a
 * client that keeps trying to reconnect to it can even be connected to itself.
 */
const FIRST_PORT = 12_000;
const LAST_PORT = 32_000;
const ATTEMPT_COUNT_MAX = 100;

/** `count` different ports of 127.0.0.1 on which nobody listens, taken at random. */
export function freePorts(count: number): number[] {
  const ports = new Set<number>();
  for (let attempt = 0; attempt < ATTEMPT_COUNT_MAX * count; attempt++) {
    if (ports.size === count) break;
    const port = FIRST_PORT + Math.floor(Math.random() * (LAST_PORT - FIRST_PORT));
    if (isFree(port)) ports.add(port);
  }
  if (ports.size < count) {
    throw new WattstreamError(
      "unavailable",
      `Free some ports of 127.0.0.1 between ${FIRST_PORT} and ${LAST_PORT}: all that were tried are taken`,
    );
  }
  return [...ports];
}

/** True where a server could listen on this port of 127.0.0.1 now. */
export function isFree(port: number): boolean {
  try {
    Deno.listen({ hostname: "127.0.0.1", port }).close();
    return true;
  } catch (error) {
    if (error instanceof Deno.errors.AddrInUse) return false;
    throw error;
  }
}
