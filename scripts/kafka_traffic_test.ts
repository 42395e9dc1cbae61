import assert from "node:assert/strict";
import { KafkaTraffic, socketBytes } from "./kafka_traffic.ts";

Deno.test("socketBytes() adds what a socket has sent and received", () => {
  const output = [
    "0      0               127.0.0.1:55806          127.0.0.1:9092 bbr bytes_sent:48001 " +
    "bytes_retrans:83 bytes_acked:47919 bytes_received:172989 segs_out:746 ",
    "0      0               127.0.0.1:55808          127.0.0.1:9092 bbr wscale:1,10 ",
    "",
  ].join("\n");
  assert.deepEqual([...socketBytes(output)], [
    ["127.0.0.1:55806 127.0.0.1:9092", 47_919 + 172_989],
    ["127.0.0.1:55808 127.0.0.1:9092", 0],
  ]);
});

Deno.test("KafkaTraffic.take() counts both ways, and what a closed socket has carried", async () => {
  using listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const traffic = new KafkaTraffic(`kafka://127.0.0.1:${listener.addr.port}`);
  if (traffic.take() === null) return; // no `ss` here
  const carry = async (count: number) => {
    const client = await Deno.connect({ hostname: "127.0.0.1", port: listener.addr.port });
    using server = await listener.accept();
    await client.write(new Uint8Array(count));
    await server.read(new Uint8Array(count));
    await server.write(new Uint8Array(1));
    await client.read(new Uint8Array(1));
    // The end of the client's connection does not have to be known when it is counted.
    const sum = traffic.take()!;
    client.close();
    return sum;
  };
  const first = await carry(1_000);
  assert.ok(first >= 1_001 && first <= 1_002, String(first));
  const second = await carry(500);
  assert.ok(second >= 1_502 && second <= 1_504, String(second));
});
