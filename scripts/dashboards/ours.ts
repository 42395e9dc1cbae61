/** The dashboards of what Wattstream itself tells: overview, gateway, bridge, publisher, and processes. */
import { type Dashboard, lines, number, rate, RATE_TIME } from "./panel.ts";

const overview: Dashboard = {
  name: "overview",
  title: "overview",
  isOfOthers: false,
  panels: [
    number(
      ...["Lost", "short", "sum(wattstream:lost:increase10m)"] as const,
      "Records and messages lost within 10 minutes, at any stage. Well: 0.",
    ),
    number(
      "Without an outcome",
      "short",
      "sum(abs(wattstream:bridge_unaccounted:records)) + sum(abs(wattstream:task_unaccounted:records))",
      "What was taken in and is neither settled nor held. Well: 0.",
    ),
    number(
      ...["Behind", "s", "max(wattstream:lag:seconds)"] as const,
      "Age of the last record that the slowest task has read. Well: seconds.",
    ),
    number(
      ...["Alive", "short", 'max(wattstream:households:count{worker="predictions"})'] as const,
      "Households from which something has come within --idle-timeout.",
    ),
    number(
      ...[
        "Tasks without owner",
        "short",
        "sum(max by (worker) (wattstream_partitions)) - sum(wattstream_tasks)",
      ] as const,
      "Well: 0.",
    ),
    number(
      "Alerts",
      "short",
      'count(ALERTS{alertstate="firing",alertname=~"Wattstream.*"}) or vector(0)',
      "Alerts that fire. deploy/RUNBOOK.md has a section for each.",
    ),
    lines("Into the broker and the bridge", "ops", {
      "gateway, events": rate("wattstream_gateway_published_total", ["worker"]),
      "simulator, readings": rate("wattstream_simulator_readings_acknowledged_total", ["worker"]),
      "simulator, states": rate("wattstream_simulator_states_acknowledged_total", ["worker"]),
      "received {{kind}}": rate("wattstream_bridge_received_total", ["kind"]),
    }, "What gateway and simulator have published, and what the bridge has settled."),
    lines("From the bridge into the log", "ops", {
      "appended {{topic}}": rate("wattstream_bridge_appended_total", ["topic"]),
      "refused {{reason}}": rate("wattstream_bridge_dead_letters_total", ["reason"]),
      "dropped {{reason}}": rate("wattstream_bridge_dropped_total", ["reason"]),
    }, "Appended, refused and dropped make up what was received."),
    lines(
      "From the log into the workers",
      "ops",
      {
        "{{worker}} {{topic}}": rate("wattstream_records_read_total", ["worker", "topic"]),
      },
      "predictions reads power, training device-state too, disaggregation what both write, publisher what that writes.",
    ),
    lines("Outputs", "ops", {
      "{{topic}}": rate("wattstream_outputs_total", ["topic"]),
    }, "Windows, datasets, models and disaggregated seconds, committed."),
    lines("Outcomes", "ops", {
      "{{worker}} {{outcome}}": rate("wattstream_records_total", ["worker", "outcome"]),
    }, "What became of the records read."),
    lines("Outcomes since the log began", "short", {
      "{{worker}} {{outcome}}": "wattstream:settled:records",
      "{{worker}} held": "wattstream:held:records",
    }, "Out of the tasks' memories: over the lives of all processes."),
  ],
};

const bridge: Dashboard = {
  name: "bridge",
  title: "bridge",
  isOfOthers: false,
  panels: [
    number(
      ...["Connected", "short", "sum(wattstream_bridge_connected)"] as const,
      "Bridges that are connected and subscribed.",
    ),
    number(
      "Spool",
      "percentunit",
      "max(wattstream_bridge_spool_bytes / (wattstream_bridge_spool_max_bytes > 0))",
      "How full the fullest spool is.",
    ),
    number(
      ...["Oldest in the spool", "s", "max(wattstream_bridge_spool_oldest_seconds)"] as const,
      "Well: 0.",
    ),
    number(
      ...["Owed", "short", "sum(wattstream_bridge_unacknowledged)"] as const,
      "Acknowledgements that wait for the log, or for the spool's disk.",
    ),
    lines("In hand", "short", {
      "{{instance}} in memory": "wattstream_bridge_buffered",
      "{{instance}} unacknowledged": "wattstream_bridge_unacknowledged",
      "{{instance}} in the spool": "wattstream_bridge_spool_messages",
    }, "Messages that are not in the log yet."),
    lines("Spool", "bytes", {
      "{{instance}}": "wattstream_bridge_spool_bytes",
      "{{instance}} at most": "wattstream_bridge_spool_max_bytes",
    }, "Bytes of the spool's files."),
    lines("Log", "ops", {
      "appends": rate("wattstream_bridge_append_seconds_count", ["worker"]),
      "appends that failed": rate("wattstream_bridge_append_failures_total", ["worker"]),
      "messages spooled": rate("wattstream_bridge_spooled_total", ["worker"]),
    }, "An append that fails is tried again for as long as it takes."),
    lines("Broker", "short", {
      "reconnects": `sum(increase(wattstream_bridge_reconnects_total[${RATE_TIME}]))`,
      "session {{how}}":
        `sum by (how) (increase(wattstream_bridge_session_lost_total[${RATE_TIME}]))`,
      "dropped by the broker":
        `sum(increase(wattstream_bridge_broker_dropped_total[${RATE_TIME}]))`,
      "delivered again": `sum(increase(wattstream_bridge_redelivered_total[${RATE_TIME}]))`,
    }, "The bridge's session at the broker, and what the broker says of it."),
  ],
};

const gateway: Dashboard = {
  name: "gateway",
  title: "gateway",
  isOfOthers: false,
  panels: [
    number(
      ...["Connected", "short", "sum(wattstream_gateway_connected)"] as const,
      "Gateways that are connected and subscribed at their local brokers.",
    ),
    number(
      ...["Households", "short", "sum(wattstream_gateway_households)"] as const,
      "Households in the gateways' files.",
    ),
    number(
      ...["Uplinks", "short", "sum(wattstream_gateway_uplinks)"] as const,
      "Connections to the uplink broker that are up, one a user.",
    ),
    number(
      ...["In the spool", "short", "sum(wattstream_gateway_spool_events)"] as const,
      "Events that the uplink broker does not have yet. Well: 0, or soon again.",
    ),
    lines("Messages of the local broker", "ops", {
      "{{outcome}}": rate("wattstream_gateway_messages_total", ["outcome"]),
    }, "What became of them, once for each source that listens."),
    lines("Events to the uplink broker", "ops", {
      "acknowledged": rate("wattstream_gateway_published_total", ["worker"]),
      "refused": rate("wattstream_gateway_refused_total", ["worker"]),
      "dropped": rate("wattstream_gateway_dropped_total", ["worker"]),
    }, "Refused: the broker's access list. Dropped: the spool was full, or its disk took nothing."),
    lines("Answers to the local broker", "ops", {
      "{{kind}}": rate("wattstream_gateway_answers_total", ["kind"]),
      "refused": rate("wattstream_gateway_answers_refused_total", ["worker"]),
      "passed over": rate("wattstream_gateway_answers_invalid_total", ["worker"]),
    }, "With --home-assistant: what the publisher tells, brought home."),
    lines("Spool", "short", {
      "{{instance}}": "wattstream_gateway_spool_events",
    }, "Events that wait for the uplink broker."),
  ],
};

const publisher: Dashboard = {
  name: "publisher",
  title: "publisher",
  isOfOthers: false,
  panels: [
    number(
      ...["Connected", "short", "sum(wattstream_publisher_connected)"] as const,
      "Publishers that are connected to the broker.",
    ),
    number(
      ...["Households", "short", 'sum(wattstream_households{worker="publisher"})'] as const,
      "Households that are told something.",
    ),
    number(
      ...["Waiting", "short", "sum(wattstream_publisher_waiting_households)"] as const,
      "Households of which something newer is known than the broker has. Well: 0, or soon again.",
    ),
    lines("Publications", "ops", {
      "{{kind}}": rate("wattstream_publisher_published_total", ["kind"]),
      "refused": rate("wattstream_publisher_refused_total", ["worker"]),
    }, "What the broker has acknowledged, and refused: its access list."),
    lines(
      "Waiting households",
      "short",
      {
        "{{instance}}": "wattstream_publisher_waiting_households",
      },
      "One second of a household is under way at a time; the newest takes the place of what waits.",
    ),
    lines("Read", "ops", {
      "{{outcome}}":
        `sum by (outcome) (rate(wattstream_records_total{worker="publisher"}[${RATE_TIME}]))`,
    }, "What became of seconds, models and names."),
  ],
};

const processes: Dashboard = {
  name: "processes",
  title: "processes",
  isOfOthers: false,
  panels: [
    lines("CPU", "short", {
      "{{worker}} {{instance}}": `rate(process_cpu_seconds_total[${RATE_TIME}])`,
    }, "Cores in use; the work of a worker is on one."),
    lines("Memory", "bytes", {
      "{{worker}} {{instance}}": "process_resident_memory_bytes",
      "{{worker}} {{instance}} heap": "wattstream_heap_used_bytes",
      "{{worker}} {{instance}} at most": "wattstream_memory_limit_bytes",
    }, "Resident, of which JavaScript's heap, and the limit."),
    lines("Event loop late", "percentunit", {
      "{{worker}} {{instance}}": `rate(wattstream_event_loop_delay_seconds_sum[${RATE_TIME}])`,
    }, "Share of the time by which turns come late: blocked or starved."),
    lines("Age", "s", {
      "{{worker}} {{instance}}": "time() - process_start_time_seconds",
    }, "Falls to 0 at each restart."),
    lines("Up", "short", { "{{worker}} {{instance}}": 'up{worker=~".+"}' }, "1 while it answers."),
  ],
};

export const OURS: readonly Dashboard[] = [overview, gateway, bridge, publisher, processes];
