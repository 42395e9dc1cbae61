/** Opens the log that a URL names: the one place that knows the adapters. */
import { WattstreamError } from "../errors.ts";
import { flag } from "../service/config.ts";
import { kafkaFlags, kafkaGroupFlags, type KafkaOptions } from "./kafka/cluster/options.ts";
import type { Log } from "./log.ts";
import { openSqliteLog } from "./sqlite/sqlite_log.ts";

/** Flags of every program that opens the log. Spread into its schema. */
export const logFlags = {
  log: flag.url(["sqlite", "kafka", "kafkas"]).describe(
    "Log: sqlite:PATH for one machine, kafka://HOST:PORT[,HOST:PORT…] (kafkas:// with TLS) for many",
  ),
  ...kafkaFlags,
};

/** Flags of every program that runs tasks. Spread into its schema, beside the others. */
export const taskFlags = kafkaGroupFlags;

/**
 * `patienceMs` of a program that somebody waits for: a worker whose patience is over starts again by
 * itself, but whoever typed a command would have to type it again while the brokers are busy.
 */
export const COMMAND_PATIENCE_MS = 60_000;

/** The flags above, of which Kafka alone takes most, and what only programs set. */
export interface LogOptions extends KafkaOptions {
  /** Clock of SQLite's append times, ms since 1970. Default: that of the machine. */
  readonly nowMs?: () => number;
  /** How long Kafka's brokers are asked again for what may pass, ms. Default: what suits a worker. */
  readonly patienceMs?: number;
}

/**
 * Opens `sqlite:PATH`, `kafka://HOST:PORT[,HOST:PORT…]` or `kafkas://…`.
 * @throws WattstreamError `config` when the URL names no log that can be opened, or a flag is wrong.
 * Kafka need not be up: it is asked when something is asked of the log.
 */
export async function openLog(url: string, options: LogOptions = {}): Promise<Log> {
  const [scheme] = url.split(":", 1);
  switch (scheme) {
    case "sqlite":
      return await openSqliteLog(url.slice("sqlite:".length), { nowMs: options.nowMs ?? Date.now });
    case "kafka":
    case "kafkas": {
      // Loaded where it is used: the Kafka client takes a quarter of a second to load.
      const { openKafkaLog } = await import("./kafka/kafka_log.ts");
      return await openKafkaLog(url, { ...options, nowMs: options.nowMs ?? Date.now });
    }
    default:
      throw new WattstreamError(
        "config",
        "Name the log as sqlite:PATH or kafka://HOST:PORT",
      );
  }
}
