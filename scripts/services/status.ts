/** `status`: what runs, and whether it is well. */
import type { StatusConfig } from "./config.ts";
import { problemsOf, type ServiceName } from "./service.ts";
import { type ServiceProcess, withState } from "./state.ts";

/** A service that was started. */
export interface ServiceStatus {
  readonly name: ServiceName;
  readonly url: string;
  readonly healthy: boolean;
  /** Why it is not healthy. */
  readonly problems: readonly string[];
  readonly processes: readonly ServiceProcess[];
}

/** Asks every service that was started and not yet stopped. */
export async function status(config: StatusConfig): Promise<ServiceStatus[]> {
  const state = await withState(config.servicesFolder, (file) => file.read());
  const all = await Promise.all(config.only.map(async (name) => {
    const service = state[name];
    if (service === undefined) return undefined;
    const problems = await problemsOf(name, service);
    return { name, ...service, healthy: problems.length === 0, problems };
  }));
  return all.filter((service) => service !== undefined);
}
