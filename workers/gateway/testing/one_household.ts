/** A gateway of one household, and what becomes of messages in it. */
import { Gateway, type LocalMessage } from "../gateway.ts";
import { parseHouseholds } from "../households/file.ts";
import type { Outcome } from "../metrics.ts";

export const NOW_MS = 1_790_000_000_400;

/** A file with this power source and these devices, as YAML in flow style. */
export function fileOf(power: object, devices: readonly object[] = [], more: object = {}): string {
  const household = { user: "anna", client_id: "flat-1", power, devices, ...more };
  return JSON.stringify({ households: [household] });
}

export class OneHousehold {
  readonly gateway: Gateway;
  readonly outcomes: Outcome[] = [];
  readonly offsets: [name: string, offsetS: number | undefined][] = [];
  /** kind, second, and watts or label. */
  readonly events: [kind: string, second: number, content: unknown][] = [];

  constructor(text: string, offsets: Record<string, number> = {}) {
    this.gateway = new Gateway(parseHouseholds(text), {
      offsets,
      lastSeconds: {},
      onOutcome: (outcome) => this.outcomes.push(outcome),
      onOffset: (...change) => this.offsets.push(change),
    });
  }

  /** Takes a message at this time; gives its outcomes. */
  async take(
    topic: string,
    payload: unknown,
    { atMs = NOW_MS, ...more }: Partial<LocalMessage> & { readonly atMs?: number } = {},
  ): Promise<Outcome[]> {
    const before = this.outcomes.length;
    const text = typeof payload === "string" ? payload : JSON.stringify(payload);
    const bytes = payload instanceof Uint8Array ? payload : new TextEncoder().encode(text);
    await this.gateway.take({
      topic,
      payload: bytes,
      arrivedMs: atMs,
      retained: false,
      isKept: false,
      ...more,
    });
    this.due(atMs);
    return this.outcomes.slice(before);
  }

  due(nowMs: number, all = false): void {
    for (const { event: { kind, event } } of this.gateway.due(nowMs, all)) {
      const { timestamp, consumption, state_bitmap } = event as Record<string, unknown>;
      this.events.push([kind, timestamp as number, consumption ?? state_bitmap]);
    }
  }

  /** The watts of its readings. */
  get watts(): unknown[] {
    return this.events.filter(([kind]) => kind === "power").map(([, , watts]) => watts);
  }

  get labels(): [second: number, label: unknown][] {
    return this.events.filter(([kind]) => kind === "device-state")
      .map(([, second, label]) => [second, label] as [number, unknown]);
  }
}
