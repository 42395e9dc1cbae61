/**
 * The second at which a reading was taken, from what its message says and when it came. Pure.
 *
 *   clock of the device   a quarter of an hour or several off: local time, mended; otherwise off: the
 *                         time of arrival counts
 *   clock of a server     it is right, so a reading that is older than a moment is an old one repeated
 *   none                  the time of arrival
 *
 * What the broker kept while the gateway was away has only the message's own time. Of a device's clock
 * that is believed where it has been off by one and the same before.
 */
import { finiteOf } from "./households/expression.ts";
import type { Clock } from "./households/presets.ts";

/** 2001-01-01: a clock that says less is not set. */
const CLOCK_SET_FROM_S = 978_307_200;
const MILLISECONDS_FROM = 1e11;
/** Every zone is a multiple of it away from UTC. */
const ZONE_STEP_S = 900;
const ZONE_S_MAX = 14 * 3600;
/** How long a message may have been on its way, and how far a clock may be ahead. */
const DELAY_S_MAX = 10;
export const AHEAD_S_MAX = 2;

export interface TimedMessage {
  readonly clock: Clock;
  /** What the message says, whatever it is. */
  readonly said: unknown;
  readonly arrivedMs: number;
  /** The broker kept it while we were away. */
  readonly isKept: boolean;
  /** Seconds by which the device's clock was ahead when it last published to us; undefined: unknown. */
  readonly offsetS: number | undefined;
}

export type ReadingTime =
  | {
    readonly secondS: number;
    /** Of a live message with a clock that is off by a zone or not at all. */
    readonly offsetS?: number;
    /** The device's clock was of no use. */
    readonly isClockWrong?: boolean;
  }
  | { readonly secondS?: undefined };

/** The second, or none where no second would be right. */
export function readingTime(message: TimedMessage): ReadingTime {
  const { clock, arrivedMs, isKept } = message;
  const arrivedS = arrivedMs / 1000;
  const saidS = clock === "none" ? undefined : unixSeconds(message.said);
  const isSet = saidS !== undefined && saidS >= CLOCK_SET_FROM_S;
  if (isKept) return keptTime(message, isSet ? saidS : undefined);
  if (!isSet) {
    return { secondS: Math.floor(arrivedS), ...(saidS !== undefined && { isClockWrong: true }) };
  }
  const aheadS = saidS - arrivedS;
  if (clock === "server") {
    if (aheadS < -DELAY_S_MAX) return {};
    return { secondS: Math.floor(Math.min(saidS, arrivedS)) };
  }
  const offsetS = Math.round(aheadS / ZONE_STEP_S) * ZONE_STEP_S;
  if (Math.abs(offsetS) <= ZONE_S_MAX && isMoment(aheadS - offsetS)) {
    return { secondS: Math.floor(saidS - offsetS), offsetS };
  }
  return { secondS: Math.floor(arrivedS), isClockWrong: true };
}

function keptTime(
  { clock, arrivedMs, offsetS }: TimedMessage,
  saidS: number | undefined,
): ReadingTime {
  if (saidS === undefined) return {};
  const knownS = clock === "server" ? 0 : offsetS;
  if (knownS === undefined) return {};
  const secondS = Math.floor(saidS - knownS);
  return secondS <= arrivedMs / 1000 + AHEAD_S_MAX ? { secondS } : {};
}

function isMoment(aheadS: number): boolean {
  return aheadS >= -DELAY_S_MAX && aheadS <= AHEAD_S_MAX;
}

const DATE =
  /^(\d{4})[-.](\d\d)[-.](\d\d)[T ](\d\d):(\d\d)(?::(\d\d)(?:[.,]\d+)?)?(Z|[-+]\d\d:?\d\d)?$/;

/** Unix seconds of a number or text; a text without a zone is taken as UTC. */
export function unixSeconds(value: unknown): number | undefined {
  const number = finiteOf(value);
  if (number !== undefined) return number >= MILLISECONDS_FROM ? number / 1000 : number;
  if (typeof value !== "string") return undefined;
  const match = DATE.exec(value.trim());
  if (match === null) return undefined;
  const [, year, month, day, hour, minute, second = "00", zone = "Z"] = match;
  const offset = zone === "Z" ? zone : `${zone.slice(0, 3)}:${zone.slice(-2)}`;
  const ms = Date.parse(`${year}-${month}-${day}T${hour}:${minute}:${second}${offset}`);
  return Number.isNaN(ms) ? undefined : ms / 1000;
}
