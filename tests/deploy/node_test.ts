/**
 * The overlay `test` on a real node: kubelet, containerd, kube-proxy, cluster DNS and cert-manager, our
 * images, Mosquitto in a pod and a Kafka with the rights of the KafkaUsers. The steps are those of
 * `deno task deploy verify`, which has a longer form too.
 */
import assert from "node:assert/strict";
import { type StepResult, verify } from "../../scripts/deploy/verify/verify.ts";

const STEPS = 9;

Deno.test("on a real node all that is published comes out once, while pods come and go", async (t) => {
  const results: StepResult[] = [];
  const said: string[] = [];
  await verify({
    campaign: "short",
    report: (line) => said.push(line),
    onStep: (result) => results.push(result),
  });
  for (const { step, error } of results) {
    await t.step(step, () => assert.equal(error, undefined, `${error}\n${said.join("\n")}`));
  }
  assert.equal(results.length, STEPS, said.join("\n"));
});
