/** The rules of deploy/, as a Prometheus on this machine takes them. */
import { parse } from "yaml";
import { z } from "zod";

const RULES = new URL("../../deploy/components/monitoring/rules.yaml", import.meta.url);

const rule = z.strictObject({
  record: z.string().optional(),
  alert: z.string().optional(),
  expr: z.string(),
  for: z.string().optional(),
  labels: z.record(z.string(), z.string()).optional(),
  annotations: z.record(z.string(), z.string()).optional(),
});

const object = z.looseObject({
  spec: z.strictObject({
    groups: z.array(z.strictObject({ name: z.string(), rules: z.array(rule) })),
  }),
});

export type Rule = z.output<typeof rule>;
export type RuleGroup = z.output<typeof object>["spec"]["groups"][number];

const SECONDS = { s: 1, m: 60, h: 3600 } as const;

/** The groups of rules, in their order. @throws a ZodError where the file is not of this shape. */
export async function loadRules(): Promise<RuleGroup[]> {
  return object.parse(parse(await Deno.readTextFile(RULES))).spec.groups;
}

/**
 * The same rules with shorter times, for a Prometheus that looks as much more often: every range and
 * `for` divided by `factor`, in whole seconds.
 */
export function quickened(groups: readonly RuleGroup[], factor: number): RuleGroup[] {
  const shorter = (time: string) => `${Math.ceil(secondsOf(time) / factor)}s`;
  return groups.map(({ name, rules }) => ({
    name,
    rules: rules.map((rule) => ({
      ...rule,
      expr: rule.expr.replaceAll(/\[(\w+)\]/g, (_all, time: string) => `[${shorter(time)}]`),
      ...(rule.for !== undefined && { for: shorter(rule.for) }),
    })),
  }));
}

function secondsOf(time: string): number {
  const match = /^(\d+)([smh])$/.exec(time);
  if (match === null) throw new RangeError(`expected a time such as 5m, got ${time}`);
  return Number(match[1]) * SECONDS[match[2] as keyof typeof SECONDS];
}
