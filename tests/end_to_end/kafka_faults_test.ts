import { assertSurvivesEveryFault } from "./kafka_faults_setup.ts";

Deno.test("every kind of fault on 1 broker: nothing lost, nothing twice, all as the oracle has it", () =>
  assertSurvivesEveryFault("1"));
