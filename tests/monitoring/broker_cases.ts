/** Cases of alerts about the gateway and the publisher, and their brokers. */
import type { AlertCase } from "./running_cases.ts";

const GATEWAY = 'worker="gateway",instance="g:1"';
const PUBLISHER = 'worker="publisher",instance="a:1"';

const published = (values: string) => ({
  [`wattstream_publisher_published_total{kind="disaggregated",${PUBLISHER}}`]: values,
  [`wattstream_publisher_published_total{kind="model",${PUBLISHER}}`]: "7x30",
});

export const BROKER_CASES: readonly AlertCase[] = [
  {
    title: "a gateway without the meters' broker",
    series: { [`wattstream_gateway_connected{${GATEWAY}}`]: "1x5 0x20" },
    atMinute: 10,
    firing: ["WattstreamGatewayDisconnected"],
  },
  {
    title: "a gateway that was without a broker for a moment",
    series: { [`wattstream_gateway_connected{${GATEWAY}}`]: "1x5 0 1x20" },
    atMinute: 10,
    firing: [],
  },
  {
    title: "a gateway whose uplink broker takes nothing",
    series: {
      [`wattstream_gateway_spool_events{${GATEWAY}}`]: "0x5 3+60x30",
      [`wattstream_gateway_published_total{${GATEWAY}}`]: "0+60x5 300x30",
    },
    atMinute: 20,
    firing: ["WattstreamGatewaySpoolNotDraining"],
  },
  {
    title: "a gateway of which one user of many is not let in",
    series: {
      [`wattstream_gateway_spool_events{${GATEWAY}}`]: "0x5 60+60x30",
      [`wattstream_gateway_published_total{${GATEWAY}}`]: "0+600x40",
    },
    atMinute: 20,
    firing: ["WattstreamGatewaySpoolNotDraining"],
  },
  {
    title: "a gateway that always has some events under way",
    series: {
      [`wattstream_gateway_spool_events{${GATEWAY}}`]: "5x30",
      [`wattstream_gateway_published_total{${GATEWAY}}`]: "0+600x30",
    },
    atMinute: 20,
    firing: [],
  },
  {
    title: "a publisher without a broker",
    series: { [`wattstream_publisher_connected{${PUBLISHER}}`]: "1x5 0x20" },
    atMinute: 10,
    firing: ["WattstreamPublisherDisconnected"],
  },
  {
    title: "a publisher that was without a broker for a moment",
    series: { [`wattstream_publisher_connected{${PUBLISHER}}`]: "1x5 0 1x20" },
    atMinute: 10,
    firing: [],
  },
  {
    title: "a publisher to which the broker answers nothing",
    series: {
      [`wattstream_publisher_waiting_households{${PUBLISHER}}`]: "4x30",
      ...published("0+60x5 300x30"),
    },
    atMinute: 15,
    firing: ["WattstreamPublicationsStuck"],
  },
  {
    title: "a publisher that always has something newer",
    series: {
      [`wattstream_publisher_waiting_households{${PUBLISHER}}`]: "4x30",
      ...published("0+60x30"),
    },
    atMinute: 15,
    firing: [],
  },
  {
    title: "a broker that refuses what the publisher says",
    series: { [`wattstream_publisher_refused_total{${PUBLISHER}}`]: "0x10 3x20" },
    atMinute: 12,
    firing: ["WattstreamPublicationsRefused"],
  },
  {
    title: "a broker that refuses what the gateway measures",
    series: { [`wattstream_gateway_refused_total{${GATEWAY}}`]: "0x10 3x20" },
    atMinute: 12,
    firing: ["WattstreamPublicationsRefused"],
  },
  {
    title: "a local broker that refuses the answers that the gateway brings home",
    series: { [`wattstream_gateway_answers_refused_total{${GATEWAY}}`]: "0x10 3x20" },
    atMinute: 12,
    firing: ["WattstreamPublicationsRefused"],
  },
  {
    title: "publications that were refused long ago",
    series: {
      [`wattstream_publisher_refused_total{${PUBLISHER}}`]: "3x30",
      [`wattstream_gateway_refused_total{${GATEWAY}}`]: "3x30",
      [`wattstream_gateway_answers_refused_total{${GATEWAY}}`]: "3x30",
    },
    atMinute: 12,
    firing: [],
  },
];
