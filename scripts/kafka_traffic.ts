/**
 * How much is carried between the processes of this machine and Kafka, as the kernel counts it for each
 * socket: `ss` says so, on Linux. Whoever else uses that Kafka from here is in it.
 */

/** Bytes so far, both ways. */
export class KafkaTraffic {
  readonly #filter: string;
  #bySocket = new Map<string, number>();
  #sum = 0;

  /** @param logUrl `kafka://host:port[,host:port…]` */
  constructor(logUrl: string) {
    const ports = [...logUrl.matchAll(/:(\d+)(?=,|\/?$)/g)].map(([, port]) => `dport = :${port}`);
    this.#filter = `( ${ports.join(" or ")} )`;
  }

  /** Null where nobody can say. */
  take(): number | null {
    const output = socketsText(this.#filter);
    if (output === undefined) return null;
    const now = socketBytes(output);
    for (const [socket, bytes] of now) {
      this.#sum += Math.max(0, bytes - (this.#bySocket.get(socket) ?? 0));
    }
    this.#bySocket = now;
    return this.#sum;
  }
}

/** By the two ends of each socket, of what `ss -tinHO` prints. */
export function socketBytes(output: string): Map<string, number> {
  const sockets = new Map<string, number>();
  for (const line of output.split("\n")) {
    const [, , local, peer] = line.split(/\s+/);
    if (local === undefined || peer === undefined) continue;
    const counts = [...line.matchAll(/ bytes_(?:acked|received):(\d+)/g)];
    const bytes = counts.reduce((sum, [, count]) => sum + Number(count), 0);
    sockets.set(`${local} ${peer}`, bytes);
  }
  return sockets;
}

function socketsText(filter: string): string | undefined {
  try {
    const command = new Deno.Command("ss", { args: ["-tinHO", "state", "established", filter] });
    const { success, stdout } = command.outputSync();
    return success ? new TextDecoder().decode(stdout) : undefined;
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return undefined;
    throw error;
  }
}
