import { ProtocolError, ResponseError } from "@platformatic/kafka";
import assert from "node:assert/strict";
import type { Cluster } from "../cluster/cluster.ts";
import { Connections } from "../cluster/connections.ts";
import { kafkaSettings } from "../cluster/options.ts";
import { TransactionRequests } from "./transaction_requests.ts";

const END_TXN = 26;

Deno.test("commit() is not asked again after an answer that leaves its outcome open", async () => {
  for (const code of ["UNKNOWN_SERVER_ERROR", "REQUEST_TIMED_OUT", "NOT_COORDINATOR"]) {
    let count = 0;
    const { apiCode } = new ProtocolError(code);
    const cluster = {
      patience: { patienceMs: 10_000 },
      askCoordinatorOnce() {
        count++;
        return Promise.reject(new ResponseError(END_TXN, 3, { "/": [apiCode, null] }, {}));
      },
    } as unknown as Cluster;
    const connections = new Connections(await kafkaSettings("kafka://127.0.0.1:1", {}));
    const requests = new TransactionRequests(cluster, connections, { group: "g", partition: 7 });
    await assert.rejects(
      requests.commit({ producerId: 1n, epoch: 0, isTransactional: true }),
      { code: "fenced", message: /outcome of a transaction of g-7 is not known/ },
    );
    assert.equal(count, 1, code);
    await connections.close();
  }
});
