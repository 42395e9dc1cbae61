import assert from "node:assert/strict";
import { brokerProperties, propertiesText } from "./kafka_config.ts";

const CLUSTER = [1, 2, 3].map((id) => ({
  id,
  port: 1000 + id,
  controllerPort: 2000 + id,
  securePort: 3000 + id,
}));

Deno.test("brokerProperties() of three brokers asks for two acknowledgements of three", () => {
  const properties = brokerProperties(CLUSTER[1]!, CLUSTER, {
    dataFolder: "/data",
    secure: undefined,
  });
  assert.equal(properties["node.id"], "2");
  assert.equal(properties["default.replication.factor"], "3");
  assert.equal(properties["min.insync.replicas"], "2");
  assert.equal(properties["transaction.state.log.replication.factor"], "3");
  assert.equal(properties["transaction.state.log.min.isr"], "2");
  assert.equal(
    properties["controller.quorum.voters"],
    "1@127.0.0.1:2001,2@127.0.0.1:2002,3@127.0.0.1:2003",
  );
  assert.equal(properties["listeners"], "OPEN://127.0.0.1:1002,CONTROLLER://127.0.0.1:2002");
  assert.equal(properties["authorizer.class.name"], undefined);
});

Deno.test("brokerProperties() of one broker asks for no second copy", () => {
  const [broker] = CLUSTER;
  const properties = brokerProperties(broker!, [broker!], {
    dataFolder: "/data",
    secure: undefined,
  });
  assert.equal(properties["offsets.topic.replication.factor"], "1");
  assert.equal(properties["min.insync.replicas"], "1");
});

Deno.test("brokerProperties() with security guards its own listener, not the open one", () => {
  const [broker] = CLUSTER;
  const properties = brokerProperties(broker!, [broker!], {
    dataFolder: "/data",
    secure: { protocol: "SASL_SSL", properties: { "ssl.x": "y" }, superUsers: ["admin"] },
  });
  assert.match(properties["listeners"]!, /,SECURE:\/\/127\.0\.0\.1:3001,/);
  assert.match(properties["listener.security.protocol.map"]!, /OPEN:PLAINTEXT.*SECURE:SASL_SSL/);
  assert.equal(properties["listener.name.secure.ssl.x"], "y");
  assert.equal(properties["super.users"], "User:ANONYMOUS;User:admin");
});

Deno.test("propertiesText() escapes what a properties file would read otherwise", () => {
  assert.equal(propertiesText({ a: "1", b: "c\\d\ne" }), "a=1\nb=c\\\\d\\ne\n");
});

Deno.test("brokerProperties() with links tells clients of a link its proxies", () => {
  const cluster = CLUSTER.map((broker) => ({
    ...broker,
    links: [{ port: 4000 + broker.id, proxyPort: 5000 + broker.id }],
  }));
  const properties = brokerProperties(cluster[2]!, cluster, {
    dataFolder: "/data",
    secure: undefined,
  });
  assert.equal(
    properties["listeners"],
    "OPEN://127.0.0.1:1003,CONTROLLER://127.0.0.1:2003,LINK0://127.0.0.1:4003",
  );
  assert.equal(
    properties["advertised.listeners"],
    "OPEN://127.0.0.1:1003,LINK0://127.0.0.1:5003",
  );
  assert.match(properties["listener.security.protocol.map"]!, /,LINK0:PLAINTEXT$/);
});
