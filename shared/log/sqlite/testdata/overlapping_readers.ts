/** Reads the log file given, such that at every moment one of its connections has not yet ended. */
import { DatabaseSync } from "node:sqlite";
import { setTimeout as delay } from "node:timers/promises";

const READ_MS = 4;

const connections = [0, 1].map(() => new DatabaseSync(Deno.args[0]!, { readOnly: true }));
const begin = (db: DatabaseSync) => {
  db.exec("begin");
  db.prepare("select count(*) from topics").get();
};
for (const db of connections) begin(db);
Deno.stdout.writeSync(new TextEncoder().encode("reading\n"));
for (let turn = 0;; turn++) {
  await delay(READ_MS);
  const db = connections[turn % 2]!;
  db.exec("commit");
  begin(db);
}
