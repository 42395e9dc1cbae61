/**
 * `killed_rewrite.ts URL USER CLIENT_ID STEP`: what `households erase --rewrite` does, killed by
 * SIGKILL once it has done this many steps.
 */
import { rewriteDatasets } from "../../../scripts/households/rewrite_datasets.ts";
import { Whose } from "../../../scripts/households/whose.ts";
import { DEFAULT_TOPIC_LAYOUT, topicLayoutFlag } from "../../../shared/mqtt/topics.ts";

const [url, username, client_id, step] = Deno.args as [string, string, string, string];
const whose = new Whose({ username, client_id }, topicLayoutFlag().parse(DEFAULT_TOPIC_LAYOUT));
let steps = 0;
await rewriteDatasets(url, whose, {}, () => {
  if (++steps === Number(step)) Deno.kill(Deno.pid, "SIGKILL");
});
