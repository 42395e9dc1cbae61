/** Free ports for servers that must come back on the same port after they were killed. */
import { tmpdir } from "node:os";
import { WattstreamError } from "../errors.ts";

/**
 * Below the range from which systems take the ports of outgoing connections (32768 and up). A port
 * of that range is lost as soon as any connection happens to get it while its server is down, and a
 * client that keeps trying to reconnect to it can even be connected to itself.
 */
const FIRST_PORT = 12_000;
const LAST_PORT = 32_000;

/**
 * Holds the port whose turn it is. A port is free when it is given, not yet bound, and free again
 * while its server is down: tests that run at once must not get the same one. So ports are dealt in
 * turn to all processes and threads of this machine's user.
 */
const TURN_PATH = `${tmpdir()}/wattstream-next-port-${Deno.uid()}`;
const TURN_DIGITS_MAX = 16;

/** `count` different ports of 127.0.0.1 on which nobody listens, and that nobody else is given. */
export function freePorts(count: number): number[] {
  using file = Deno.openSync(TURN_PATH, { read: true, write: true, create: true });
  file.lockSync(true);
  const ports: number[] = [];
  let port = readTurn(file);
  for (let tried = FIRST_PORT; tried < LAST_PORT && ports.length < count; tried++) {
    if (isFree(port)) ports.push(port);
    port = port + 1 < LAST_PORT ? port + 1 : FIRST_PORT;
  }
  if (ports.length < count) {
    throw new WattstreamError(
      "unavailable",
      `Free some ports of 127.0.0.1 between ${FIRST_PORT} and ${LAST_PORT}: all are taken`,
    );
  }
  writeTurn(file, port);
  return ports;
}

/** The port whose turn it is; any where the file is new or holds something else. */
function readTurn(file: Deno.FsFile): number {
  const bytes = new Uint8Array(TURN_DIGITS_MAX);
  const length = file.readSync(bytes) ?? 0;
  const port = Number(new TextDecoder().decode(bytes.subarray(0, length)));
  if (Number.isInteger(port) && port >= FIRST_PORT && port < LAST_PORT) return port;
  return FIRST_PORT + Math.floor(Math.random() * (LAST_PORT - FIRST_PORT));
}

function writeTurn(file: Deno.FsFile, port: number): void {
  file.truncateSync(0);
  file.seekSync(0, Deno.SeekMode.Start);
  file.writeSync(new TextEncoder().encode(`${port}`));
}

/** True where a server could listen on this port now. */
export function isFree(port: number, hostname = "127.0.0.1"): boolean {
  try {
    Deno.listen({ hostname, port }).close();
    return true;
  } catch (error) {
    if (error instanceof Deno.errors.AddrInUse) return false;
    throw error;
  }
}
