/** The uplinks of all users: each its own connection, as its own user, and its own spool. */
import type { HouseholdEvent } from "../household.ts";
import { hasCode, messageOf, WattstreamError } from "../../../shared/errors.ts";
import { encodeEvent, type Household } from "../../../shared/events.ts";
import { mqttOptions } from "../../../shared/mqtt/flags.ts";
import type { MessageKind, TopicLayout } from "../../../shared/mqtt/topics.ts";
import { atMostEvery } from "../../../shared/service/logger.ts";
import type { WorkerContext } from "../../../shared/service/program.ts";
import { HOUSEHOLD_TOPIC } from "../../../shared/topics.ts";
import type { GatewayConfig } from "../config.ts";
import type { HouseholdSpec } from "../households/file.ts";
import type { HouseholdEntry } from "../households/schema.ts";
import type { GatewayMetrics } from "../metrics.ts";
import { Uplink } from "./uplink.ts";

type Context = WorkerContext<GatewayConfig, GatewayMetrics>;

export interface UplinksParts {
  readonly folder: string;
  /** What is wanted of a user's households, and who takes it. */
  readonly answerTopicsOf: (user: string) => readonly string[];
  readonly onAnswer: (topic: string, payload: Uint8Array) => void;
  readonly nowMs: () => number;
  readonly random: () => number;
}

const encoder = new TextEncoder();

export class Uplinks {
  readonly #uplinks = new Map<string, Uplink>();
  readonly #layout: TopicLayout;
  readonly #context: Context;
  readonly #nowMs: () => number;
  readonly #up = new Set<string>();

  /** @throws WattstreamError `config` where a password cannot be read, or a folder is in use. */
  static async open(
    specs: readonly HouseholdSpec[],
    context: Context,
    parts: UplinksParts,
  ): Promise<Uplinks> {
    const uplinks = new Uplinks(context, parts);
    try {
      for (const { entry } of specs) {
        if (!uplinks.#uplinks.has(entry.user)) await uplinks.#open(entry, parts);
      }
      for (const { entry } of specs) uplinks.#tellNames(entry);
    } catch (error) {
      await uplinks.close(AbortSignal.abort());
      throw error;
    }
    return uplinks;
  }

  private constructor(context: Context, { nowMs }: UplinksParts) {
    this.#context = context;
    this.#layout = context.config.uplinkTopics;
    this.#nowMs = nowMs;
  }

  /** Rejects as soon as the broker refuses one of the users for good. */
  get running(): Promise<unknown> {
    return Promise.all([...this.#uplinks.values()].map(({ running }) => running));
  }

  /** Takes events, in order; once it returns they outlive a SIGKILL. */
  publish(events: readonly { readonly user: string; readonly event: HouseholdEvent }[]): void {
    for (const { user, event: { kind, event } } of events) {
      this.#publish(user, kind, event as Household);
    }
    this.show();
  }

  async sync(): Promise<void> {
    await Promise.all([...this.#uplinks.values()].map((uplink) => uplink.sync()));
  }

  show(): void {
    let count = 0;
    for (const uplink of this.#uplinks.values()) count += uplink.count;
    this.#context.metrics.set("wattstream_gateway_spool_events", count);
  }

  async close(giveUp: AbortSignal): Promise<void> {
    await Promise.all([...this.#uplinks.values()].map((uplink) => uplink.close(giveUp)));
    this.show();
  }

  #tellNames({ user, client_id, devices }: HouseholdEntry): void {
    if (devices.length === 0) return;
    this.#publish(user, HOUSEHOLD_TOPIC, {
      client_id,
      username: user,
      devices: devices.map(({ name, watts_on: watts }) => ({
        name,
        ...(watts !== undefined && { watts }),
      })),
    });
  }

  #publish(user: string, kind: MessageKind, event: Household): void {
    const { username, client_id } = event;
    const topic = this.#layout.format({ kind, username, client_id });
    const payload = encoder.encode(encodeEvent(event));
    this.#uplinks.get(user)!.publish([{ topic, payload, arrivedMs: this.#nowMs() }]);
  }

  async #open(entry: HouseholdEntry, parts: UplinksParts): Promise<void> {
    const { config, metrics, logger, moved } = this.#context;
    const { user } = entry;
    const { folder, answerTopicsOf, onAnswer, nowMs, random } = parts;
    const mqtt = await mqttOptions({
      mqtt: config.uplink,
      mqttVersion: config.uplinkVersion,
      mqttUsername: user,
      mqttPassword: await passwordOf(entry),
      mqttPasswordFile: undefined,
      mqttCa: config.uplinkCa,
      mqttCert: undefined,
      mqttKey: undefined,
    }, { caFlag: "--uplink-ca" });
    const warn = atMostEvery((suppressed) => {
      logger.warn("no connection to the uplink broker, trying again", { user, suppressed });
    }, nowMs);
    const refuse = atMostEvery((suppressed) => {
      logger.error("the uplink broker refused an event", { user, suppressed });
    }, nowMs);
    const drop = atMostEvery((suppressed) => {
      logger.error("lost events: the spool is full or its disk fails", { user, suppressed });
    }, nowMs);
    const suffix = Math.floor(random() * 2 ** 32).toString(16).padStart(8, "0");
    const uplink = new Uplink({
      mqtt: { ...mqtt, clientId: `gateway-${suffix}` },
      folder: `${folder}/${encodeURIComponent(user)}`,
      spoolBytes: config.spoolBytes,
      ...{ answerTopics: answerTopicsOf(user), onAnswer, nowMs, random },
      onProblem: (message, fields) => logger.error(message, { user, ...fields }),
      onConnection: (isUp, problem) => {
        if (isUp) this.#up.add(user);
        else this.#up.delete(user);
        metrics.set("wattstream_gateway_uplinks", this.#up.size);
        if (problem !== undefined) warn();
      },
      onPublished: () => {
        moved();
        metrics.add("wattstream_gateway_published_total", 1);
      },
      onRefused: () => {
        metrics.add("wattstream_gateway_refused_total", 1);
        refuse();
      },
      onDropped: (count) => {
        metrics.add("wattstream_gateway_dropped_total", count);
        drop();
      },
    });
    this.#uplinks.set(user, uplink);
  }
}

/** @throws WattstreamError `config` where its file cannot be read. */
export async function passwordOf(entry: HouseholdEntry): Promise<string | undefined> {
  const path = entry["password-file"];
  if (path === undefined) return entry.password;
  try {
    return (await Deno.readTextFile(path)).trimEnd();
  } catch (cause) {
    if (hasCode(cause, "config")) throw cause;
    throw new WattstreamError(
      "config",
      `Give password-file of ${entry.user} a readable file: ${messageOf(cause)}`,
      { cause },
    );
  }
}
