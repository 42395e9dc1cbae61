/**
 * Which households a bridge takes where several bridges stand side by side. Each has a plain
 * subscription of its own and receives everything; a household belongs to exactly one of them, so
 * its messages keep their order. With a share count that divides the partition count, each bridge
 * writes to partitions of its own.
 */
import { z } from "zod";
import type { NewData } from "../../shared/log/log.ts";
import { partitionOf } from "../../shared/log/partition.ts";
import { quoted } from "../../shared/service/secrets.ts";

const SHARE_COUNT_MAX = 1000;

/** Share `index` (from 0) of `count`. */
export interface Share {
  readonly index: number;
  readonly count: number;
}

/** The flag `--share INDEX/COUNT`. */
export function shareFlag() {
  return z.string().transform((text, context): Share => {
    const match = /^(\d{1,4})\/(\d{1,4})$/.exec(text);
    const [index, count] = [Number(match?.[1]), Number(match?.[2])];
    if (index < count && count <= SHARE_COUNT_MAX) return { index, count };
    context.addIssue({
      code: "custom",
      message: `expected INDEX/COUNT such as 0/2, with INDEX from 0 to COUNT - 1, got ${
        quoted(text)
      }`,
    });
    return z.NEVER;
  });
}

/** Whether a household is of this share; what is of no household is of share 0. */
export function isOfShare(share: Share, clientId: NewData): boolean {
  if (share.count === 1) return true;
  return (clientId === null ? 0 : partitionOf(clientId, share.count)) === share.index;
}
