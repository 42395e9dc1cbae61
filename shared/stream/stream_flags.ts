/** Flags of the semantics that both stream workers share. */
import { flag } from "../service/config.ts";

export const streamFlags = {
  latenessS: flag.seconds().prefault("5s").describe(
    "How far behind a household's newest event time a record may come and still count",
  ),
  idleTimeoutS: flag.seconds().prefault("60s").describe(
    "Stream time without a record after which a household is silent and closes",
  ),
  maxAheadS: flag.seconds().prefault("10s").describe(
    "How far ahead of its append time an event may be dated before it is refused",
  ),
  lostRecords: flag.choice(["stop", "skip"]).default("stop").describe(
    "Where the log no longer holds records that are needed: stop, or skip them and go on from what there is",
  ),
  quietTimeoutMs: flag.milliseconds().prefault("5m").describe(
    "Quiet of a whole partition, by the wall clock, after which a tick closes what is open",
  ),
};
