/**
 * A TCP proxy that can stop forwarding, both ways, without closing anything: what a network does
 * that has failed without a word. What was sent meanwhile arrives when it goes on.
 */

const BUFFER_BYTES = 64 << 10;

export class StallingProxy {
  readonly #listener: Deno.TcpListener;
  readonly #targetPort: number;
  readonly #connections = new Set<Deno.TcpConn>();
  readonly #work = new Set<Promise<void>>();
  /** Resolved while it forwards. */
  #gate: Promise<void> = Promise.resolve();
  #open: () => void = () => {};
  #isClosed = false;

  /** Listens on a port of 127.0.0.1 and forwards to another one, where nobody need listen yet. */
  constructor({ port, targetPort }: { readonly port: number; readonly targetPort: number }) {
    this.#listener = Deno.listen({ hostname: "127.0.0.1", port });
    this.#targetPort = targetPort;
    this.#track(this.#accept());
  }

  /** Nothing passes from now on; connections stay, new ones come about and hear nothing. */
  stall(): void {
    this.#open();
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#gate = promise;
    this.#open = resolve;
  }

  /** Forwards again, beginning with what has waited. */
  resume(): void {
    this.#open();
  }

  async close(): Promise<void> {
    if (this.#isClosed) return;
    this.#isClosed = true;
    this.#listener.close();
    for (const connection of this.#connections) closeQuietly(connection);
    this.#open();
    await Promise.all(this.#work);
  }

  #track(work: Promise<void>): void {
    this.#work.add(work);
    void work.finally(() => this.#work.delete(work));
  }

  async #accept(): Promise<void> {
    for await (const client of this.#listener) {
      this.#connections.add(client);
      this.#track(this.#serve(client));
    }
  }

  async #serve(client: Deno.TcpConn): Promise<void> {
    await this.#gate;
    let target: Deno.TcpConn | undefined;
    try {
      if (this.#isClosed) return;
      target = await Deno.connect({ hostname: "127.0.0.1", port: this.#targetPort });
      this.#connections.add(target);
      const both = [client, target] as const;
      await Promise.race([this.#forward(...both), this.#forward(target, client)]);
    } catch (error) {
      // The target is down, or one of the two has ended.
      if (!isEnded(error)) throw error;
    } finally {
      for (const connection of [client, target]) {
        if (connection === undefined) continue;
        this.#connections.delete(connection);
        closeQuietly(connection);
      }
    }
  }

  /** Resolves or rejects once `from` or `to` has ended; that counts as traffic and waits too. */
  async #forward(from: Deno.TcpConn, to: Deno.TcpConn): Promise<void> {
    const buffer = new Uint8Array(BUFFER_BYTES);
    try {
      for (;;) {
        const size = await from.read(buffer);
        await this.#gate;
        if (size === null) return;
        for (let sent = 0; sent < size;) sent += await to.write(buffer.subarray(sent, size));
      }
    } catch (error) {
      await this.#gate;
      if (!isEnded(error)) throw error;
    }
  }
}

const ENDED = [
  Deno.errors.BadResource,
  Deno.errors.BrokenPipe,
  Deno.errors.ConnectionAborted,
  Deno.errors.ConnectionRefused,
  Deno.errors.ConnectionReset,
  Deno.errors.Interrupted,
  Deno.errors.NotConnected,
];

function isEnded(error: unknown): boolean {
  return ENDED.some((kind) => error instanceof kind);
}

function closeQuietly(connection: Deno.TcpConn): void {
  try {
    connection.close();
  } catch (error) {
    if (!(error instanceof Deno.errors.BadResource)) throw error;
  }
}
