import { assertSurvivesEveryFault } from "./kafka_faults_setup.ts";

Deno.test("every kind of fault on 3 brokers: nothing lost, nothing twice, all as the oracle has it", () =>
  assertSurvivesEveryFault("3"));
