/** The metrics of the simulator. */
import type { MetricTable } from "../../shared/service/metrics.ts";

export const simulatorMetrics = {
  wattstream_simulator_readings_total: {
    kind: "counter",
    help: "Readings published",
  },
  wattstream_simulator_states_total: {
    kind: "counter",
    help: "Device states published",
  },
  wattstream_simulator_readings_acknowledged_total: {
    kind: "counter",
    help: "Readings that the broker acknowledged (QoS 1) or that were sent (QoS 0)",
  },
  wattstream_simulator_states_acknowledged_total: {
    kind: "counter",
    help: "Device states that the broker acknowledged (QoS 1) or that were sent (QoS 0)",
  },
  wattstream_simulator_refused_total: {
    kind: "counter",
    help: "Publications that the broker refused",
  },
  wattstream_simulator_swapped_total: {
    kind: "counter",
    help: "Publications held back until after their neighbour",
  },
  wattstream_simulator_households: {
    kind: "gauge",
    help: "Households that publish",
  },
  wattstream_simulator_connections: {
    kind: "gauge",
    help: "Connections to the broker that are up",
  },
} as const satisfies MetricTable;

export type SimulatorMetrics = typeof simulatorMetrics;
