/**
 * The contract of the log port as tests: its definition. Every adapter passes them, so they assume no
 * more than the port says: offsets need not be dense, a commit or a rebalance may take its time, and
 * storage may be shared with other tests.
 */
import { appendContract } from "./log_contract/append.ts";
import { fetchContract } from "./log_contract/fetch.ts";
import { growContract } from "./log_contract/grow.ts";
import { readContract } from "./log_contract/read.ts";
import { taskContract } from "./log_contract/tasks.ts";
import { transactionContract } from "./log_contract/transactions.ts";
import { type LogFixture, withWorld } from "./log_contract/world.ts";

export type { LogFixture } from "./log_contract/world.ts";

/** Registers the tests of an adapter. `setup` is called for each: a storage, or a corner of one. */
export function logContract(name: string, setup: () => Promise<LogFixture>): void {
  const contracts = [
    appendContract,
    readContract,
    fetchContract,
    transactionContract,
    taskContract,
    growContract,
  ];
  for (const contract of contracts) {
    contract((title, body) => Deno.test(`${name}: ${title}`, () => withWorld(setup, body)));
  }
}
