/**
 * Loaded before a worker's main module: ends the process once its standard input does, which it
 * shares with `deno task dev` alone. So no worker outlives it, however it died. The worker need not
 * be asked: whatever a SIGKILL interrupts is made good at the next start.
 */

/** Deno starts the main module only when nothing is pending here, so reading begins later. */
const DELAY_MS = 250;

async function endWithParent(): Promise<void> {
  const buffer = new Uint8Array(1);
  while (await Deno.stdin.read(buffer) !== null);
  Deno.kill(Deno.pid, "SIGKILL");
}

Deno.unrefTimer(setTimeout(endWithParent, DELAY_MS));
