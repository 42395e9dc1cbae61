/** A real Home Assistant on this machine, connected to a broker, and its states as the broker has them. */
import { connectAsync, type MqttClient } from "mqtt";
import { pythonWith } from "../../shared/services/testing/python.ts";

const DATA = new URL("testdata/home_assistant/", import.meta.url);
/** As its own MQTT integration writes it. */
const ENTRY = {
  ...{ entry_id: "0123456789abcdef0123456789abcdef", version: 1, domain: "mqtt", title: "broker" },
  ...{ options: {}, pref_disable_new_entities: false, pref_disable_polling: false },
  ...{ source: "user", unique_id: null, disabled_by: null },
};

export class HomeAssistant {
  /** By entity: `sensor/flat_1_kettle_energy`. */
  readonly states = new Map<string, string>();
  /** Entities whose number has become less, and by what. */
  readonly falls: string[] = [];
  readonly #hass: string;
  readonly #folder: string;
  readonly #client: MqttClient;
  #process: Deno.ChildProcess | undefined;

  private constructor(hass: string, folder: string, client: MqttClient) {
    this.#hass = hass;
    this.#folder = folder;
    this.#client = client;
  }

  /**
   * Starts one without memory on a broker that lets everyone in.
   * @param venv where it is installed already; without, it is fetched into the cache folder.
   */
  static async start(brokerUrl: string, venv: string | undefined): Promise<HomeAssistant> {
    const python = venv === undefined
      ? await pythonWith(new URL("requirements.txt", DATA))
      : `${venv}/bin/python`;
    const folder = await Deno.makeTempDir({ prefix: "wattstream-home-assistant-" });
    await Deno.mkdir(`${folder}/.storage`);
    await Deno.copyFile(new URL("configuration.yaml", DATA), `${folder}/configuration.yaml`);
    const { hostname: broker, port } = new URL(brokerUrl);
    const entries = [{ ...ENTRY, data: { broker, port: Number(port), discovery: true } }];
    const key = "core.config_entries";
    const text = JSON.stringify({ version: 1, minor_version: 1, key, data: { entries } });
    await Deno.writeTextFile(`${folder}/.storage/${key}`, text);
    const client = await connectAsync(brokerUrl);
    const home = new HomeAssistant(python.replace(/[^/]+$/, "hass"), folder, client);
    client.on("message", (topic, payload) => home.#take(topic, payload.toString()));
    await client.subscribeAsync("states/+/+/state", { qos: 1 });
    home.#launch();
    return home;
  }

  /** Kills it, and starts it again on what it has remembered. */
  async restart(): Promise<void> {
    await this.#kill();
    this.states.clear();
    this.#launch();
  }

  async stop(): Promise<void> {
    await this.#kill();
    await this.#client.endAsync(true);
    await Deno.remove(this.#folder, { recursive: true });
  }

  #launch(): void {
    const args = ["-c", this.#folder, "--skip-pip"];
    const command = new Deno.Command(this.#hass, { args, stdout: "null", stderr: "null" });
    this.#process = command.spawn();
  }

  async #kill(): Promise<void> {
    this.#process?.kill("SIGKILL");
    await this.#process?.status;
    this.#process = undefined;
  }

  #take(topic: string, state: string): void {
    const entity = topic.split("/").slice(1, 3).join("/");
    const before = Number(this.states.get(entity));
    if (entity.endsWith("_energy") && Number(state) < before) {
      this.falls.push(`${entity}: from ${before} to ${state}`);
    }
    // While it starts, and without the publisher, it does not know.
    if (state !== "unknown" && state !== "unavailable") this.states.set(entity, state);
  }
}
