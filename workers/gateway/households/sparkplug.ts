/**
 * Sparkplug B payloads as expressions see them: `{timestamp, metrics: {name: value}}`. A device may say
 * at its birth which number stands for a name, and use that alone from then on.
 *
 *   spBv1.0/GROUP/DBIRTH/NODE/DEVICE   metrics: power = 3, 231.5
 *   spBv1.0/GROUP/DDATA/NODE/DEVICE    metrics:         3, 232.0
 */
import { get } from "sparkplug-payload";

const NAMESPACE = "spBv1.0";
const payloads = get(NAMESPACE)!;

/** Whether a topic is one of Sparkplug's, whose payloads are not text. */
export function isSparkplug(topic: string): boolean {
  return topic.startsWith(`${NAMESPACE}/`);
}

export class SparkplugReader {
  /** By device, the names that its numbers stand for. */
  readonly #names = new Map<string, ReadonlyMap<number, string>>();

  /** Undefined where the bytes are no such payload. */
  read(topic: string, bytes: Uint8Array): unknown {
    const [, group, kind, ...device] = topic.split("/");
    const key = [group, ...device].join("/");
    const decoded = decode(bytes);
    if (decoded === undefined) return undefined;
    const metrics = decoded.metrics ?? [];
    if (kind === "DBIRTH" || kind === "NBIRTH") {
      const named = metrics.filter(({ name, alias }) => name && isNumeric(alias));
      this.#names.set(key, new Map(named.map(({ name, alias }) => [Number(alias), name!])));
    }
    const names = this.#names.get(key);
    const values = metrics.map(({ name, alias, value }) =>
      [name || names?.get(Number(alias)) || "", plain(value)] as const
    );
    return {
      timestamp: plain(decoded.timestamp),
      metrics: Object.fromEntries(values.filter(([name]) => name !== "")),
    };
  }
}

function decode(bytes: Uint8Array) {
  try {
    return payloads.decodePayload(bytes);
  } catch {
    // What is wrong with bytes of others is many things, all of which mean the same.
    return undefined;
  }
}

function isNumeric(value: unknown): boolean {
  return value !== null && value !== undefined && Number.isSafeInteger(Number(value));
}

/** 64-bit integers come as objects. */
function plain(value: unknown): unknown {
  const isLong = typeof value === "object" && value !== null && "toNumber" in value;
  return isLong ? Number(value) : value;
}
