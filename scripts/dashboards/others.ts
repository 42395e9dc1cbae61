/** The dashboard of what others export: Kafka by Strimzi (JMX and Kafka exporter), EMQX. */
import { type Dashboard, lines, rate } from "./panel.ts";

export const OTHERS: readonly Dashboard[] = [{
  name: "brokers",
  title: "Kafka and MQTT broker",
  isOfOthers: true,
  panels: [
    lines("Messages into Kafka", "ops", {
      "{{topic}}": rate("kafka_server_brokertopicmetrics_messagesin_total", ["topic"]),
    }, "Strimzi's JMX metrics."),
    lines("Bytes in and out of Kafka", "bytes", {
      "in": rate("kafka_server_brokertopicmetrics_bytesin_total", []),
      "out": rate("kafka_server_brokertopicmetrics_bytesout_total", []),
    }, "Strimzi's JMX metrics."),
    lines("Replicas behind", "short", {
      "under-replicated": "sum(kafka_server_replicamanager_underreplicatedpartitions)",
      "under min.insync.replicas": "sum(kafka_server_replicamanager_underminisrpartitioncount)",
      "offline": "sum(kafka_controller_kafkacontroller_offlinepartitionscount)",
    }, "Well: 0. Below min.insync.replicas nothing can be appended."),
    lines("Lag of the groups", "short", {
      "{{consumergroup}} {{topic}}":
        'sum by (consumergroup, topic) (kafka_consumergroup_lag{consumergroup=~"predictions|training|disaggregation"})',
    }, "Strimzi's Kafka exporter, for comparison with what the workers say."),
    lines("Connections at EMQX", "short", {
      "connections": "sum(emqx_connections_count)",
      "sessions": "sum(emqx_sessions_count)",
    }, "EMQX's own exporter."),
    lines("Messages at EMQX", "ops", {
      "received": rate("emqx_messages_received", []),
      "sent": rate("emqx_messages_sent", []),
      "dropped": rate("emqx_messages_dropped", []),
    }, "Dropped: a session's queue was full, or nobody had subscribed."),
  ],
}];
