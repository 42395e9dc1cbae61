/**
 * `bridge --check`: what this broker keeps for a bridge that is away, how long that lasts at the rate
 * of messages there is, and which setting changes it. For people.
 */
import { z } from "zod";
import { hasCode, messageOf } from "../../../shared/errors.ts";
import { brokerAddress, checkMqttFlags, mqttOptions } from "../../../shared/mqtt/flags.ts";
import type { ConfigSource } from "../../../shared/service/config.ts";
import { parseOrExplain } from "../../../shared/service/program.ts";
import { print, printableLine, printError } from "../../../shared/service/terminal.ts";
import { bridgeConfig, subscriptionFilters } from "../config.ts";
import { BROKER_KINDS, type BrokerIdentity } from "./broker_kind.ts";
import { type KeptMessages, KeptMessagesCheck } from "./kept_messages.ts";
import { measureRate, type MessageRate } from "./message_rate.ts";

/** The bridge's own, but for the log, which is not needed. */
const checkConfig = z.strictObject({
  ...bridgeConfig.shape,
  log: bridgeConfig.shape.log.optional(),
}).superRefine(checkMqttFlags);

/** Whether the flags or variables ask for it. */
export function isCheck({ args, env }: ConfigSource): boolean {
  return args.includes("--check") || env("WATTSTREAM_CHECK") === "true";
}

/** Finds out and prints; the exit code: 0 found out, 1 could not, 2 bad settings. */
export async function runCheck(source: ConfigSource, random: () => number): Promise<number> {
  const parsed = parseOrExplain({ name: "bridge", summary: "", config: checkConfig }, source);
  if (typeof parsed === "number") return parsed;
  const { config } = parsed;
  try {
    const broker = { mqtt: await mqttOptions(config), random };
    const filters = subscriptionFilters({ ...config, group: undefined });
    print(`Broker ${brokerAddress(config.mqtt)}`);
    // First of all, since it finds out whether further connections can do harm.
    const check = await KeptMessagesCheck.open(broker, config);
    try {
      const rate = await measureRate(broker, filters);
      print(`It says that it is: ${printableLine(rate.identity?.text ?? "(nothing)")}`);
      print(`Messages on ${filters.join(", ")}: ${decimal(rate.perS)}/s`);
      const kept = await check.measure((count) => {
        print(`Publishing ${whole(count)} messages for a client that is away …`);
      });
      print(`\n${conclusion(kept, rate)}\n\n${advice(rate.identity)}`);
    } finally {
      await check.close();
    }
    return 0;
  } catch (error) {
    printError(`bridge --check: ${messageOf(error)}`);
    return hasCode(error, "config") ? 2 : 1;
  }
}

/** What was found, as sentences. */
export function conclusion(
  { count, isAtLeast }: KeptMessages,
  { perS, listenedS }: Pick<MessageRate, "perS" | "listenedS">,
): string {
  if (count === 0) {
    return "The broker keeps nothing for a client that is away: the bridge needs that.";
  }
  const first = isAtLeast
    ? `The broker keeps ${whole(count)} messages or more for a client that is away.`
    : `The broker keeps ${whole(count)} messages for a client that is away, and drops the rest; ` +
      "whoever publishes does not hear of it.";
  const second = perS === 0
    ? `None came in ${whole(listenedS)} s, so there is no saying how long that lasts.`
    : `At ${decimal(perS)} messages/s that is ${isAtLeast ? "at least " : ""}${
      duration(count / perS)
    } in which the bridge may be away.`;
  return `${first}\n${second}\nA log that is away does not count: what it does not take goes to the spool.`;
}

/** Which setting changes it. */
export function advice(identity: BrokerIdentity | undefined): string {
  if (identity?.kind !== undefined) return `To keep more: ${identity.kind.setting}`;
  return ["To keep more:", ...BROKER_KINDS.map(({ name, setting }) => `  ${name}: ${setting}`)]
    .join("\n");
}

function duration(seconds: number): string {
  if (seconds < 120) return `${decimal(seconds)} s`;
  return seconds < 7200 ? `${whole(seconds / 60)} min` : `${whole(seconds / 3600)} h`;
}

function whole(value: number): string {
  return Math.round(value).toLocaleString("en-US");
}

function decimal(value: number): string {
  return value.toLocaleString("en-US", { maximumFractionDigits: 1 });
}
