/**
 * How often somebody may fail to log in: so many times from one address and under one name in five
 * minutes. It remembers a bounded number of both. Pure.
 */
import { isIPv6 } from "node:net";

const WINDOW_MS = 5 * 60_000;
const OF_ADDRESS_MAX = 20;
/** More than one address can try: whoever knows a name should not shut its owner out so easily. */
const OF_USER_MAX = 60;
const KEYS_MAX = 20_000;

interface Count {
  failures: number;
  readonly endsMs: number;
}

export class LogInAttempts {
  readonly #counts = new Map<string, Count>();

  /** Counts an attempt as one that fails, until {@link succeeded}; or says how long to wait, ms. */
  begin(address: string, username: string, nowMs: number): number {
    const counted = [
      [`address ${networkOf(address)}`, OF_ADDRESS_MAX],
      [`user ${username}`, OF_USER_MAX],
    ] as const;
    const waits = counted.map(([key, max]) => {
      const count = this.#counts.get(key);
      return count !== undefined && count.failures >= max ? count.endsMs - nowMs : 0;
    });
    const waitMs = Math.max(0, ...waits);
    if (waitMs > 0) return waitMs;
    for (const [key] of counted) this.#count(key, nowMs);
    return 0;
  }

  succeeded(address: string, username: string): void {
    for (const key of [`address ${networkOf(address)}`, `user ${username}`]) {
      const count = this.#counts.get(key);
      if (count !== undefined) count.failures--;
    }
  }

  /** How many addresses and names it remembers. */
  get size(): number {
    return this.#counts.size;
  }

  #count(key: string, nowMs: number): void {
    const count = this.#counts.get(key);
    if (count !== undefined && count.endsMs > nowMs) {
      count.failures++;
      return;
    }
    // Anew at the end: the oldest, which is over first, stands first.
    this.#counts.delete(key);
    this.#counts.set(key, { failures: 1, endsMs: nowMs + WINDOW_MS });
    if (this.#counts.size <= KEYS_MAX) return;
    const [oldest] = this.#counts.keys();
    this.#counts.delete(oldest!);
  }
}

/** An address of IPv4, or the /64 of IPv6, of which a host has all. */
function networkOf(address: string): string {
  if (!isIPv6(address)) return address;
  const mapped = /^::ffff:(\d+\.\d+\.\d+\.\d+)$/i.exec(address);
  if (mapped !== null) return mapped[1]!;
  const [left, right] = address.split("::").map((part) => part.split(":").filter(Boolean));
  const zeros = right === undefined ? 0 : Math.max(0, 8 - left!.length - right.length);
  const groups = [...left!, ...Array<string>(zeros).fill("0"), ...(right ?? [])];
  return groups.slice(0, 4).map((group) => group.toLowerCase()).join(":");
}
