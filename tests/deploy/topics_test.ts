import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { ROOT } from "../../scripts/build/program.ts";
import { createConfig } from "../../scripts/topics/config.ts";
import { topicConfigs } from "../../shared/log/kafka/cluster/topics.ts";
import { parseConfig } from "../../shared/service/config.ts";
import { wattstreamTopics } from "../../shared/topics.ts";
import { ofKind, render } from "./objects.ts";

Deno.test("the KafkaTopics are those that deno task topics create makes", async () => {
  const topics = ofKind(await render("microk8s"), "KafkaTopic");
  const found = topics.map(({ metadata, spec }) => ({
    name: metadata.name,
    partitions: spec.partitions,
    configs: Object.fromEntries(
      Object.entries(spec.config).map(([name, value]) => [name, String(value)]),
    ),
  }));
  const parsed = parseConfig(createConfig, { args: ["--log", "sqlite:x"], env: () => undefined });
  assert.ok(parsed !== "help");
  const { partitions, retentionMs } = parsed.config;
  const expected = wattstreamTopics(partitions, { retentionMs }).map((topic) => {
    const { "retention.ms": retention, ...configs } = topicConfigs(topic);
    // A compacted topic has none.
    return {
      name: topic.name,
      partitions: topic.partitions,
      configs: topic.compacted === true ? configs : { ...configs, "retention.ms": retention },
    };
  });
  const byName = (a: { name: string }, b: { name: string }) => a.name < b.name ? -1 : 1;
  assert.deepEqual(found.sort(byName), expected.sort(byName));
});

Deno.test("three brokers hold three copies of every topic, and two must have a record", async () => {
  for (const { metadata, spec } of ofKind(await render("production"), "KafkaTopic")) {
    assert.equal(spec.replicas, 3, metadata.name);
    assert.equal(spec.config["min.insync.replicas"], 2, metadata.name);
  }
});

Deno.test("the access list of the overlay test is Mosquitto's own, and the simulator's", async () => {
  const [own, ofTest] = await Promise.all(
    ["mosquitto", "overlays/test/simulator-acl"].map((folder) =>
      readFile(`${ROOT}deploy/${folder}/acl`, "utf8")
    ),
  );
  assert.ok(ofTest!.startsWith(own!), "Copy deploy/mosquitto/acl to its beginning");
});
