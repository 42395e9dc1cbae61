import assert from "node:assert/strict";
import type { Machine } from "./machine.ts";
import { NEEDS } from "./needs.ts";
import { provide } from "./provide.ts";

const COMMANDS = [
  "mosquitto",
  "mosquitto_pub",
  "java",
  "javac",
  "mvn",
  "kcat",
  "openssl",
  "prometheus",
  "python3",
  "zstd",
  "rtl_433",
  "chromium",
];
/** What each package brings. */
const PACKAGES: Readonly<Record<string, readonly string[]>> = {
  mosquitto: ["mosquitto"],
  "mosquitto-clients": ["mosquitto_pub"],
  "openjdk-21-jdk-headless": ["java", "javac"],
  maven: ["mvn"],
  kcat: ["kcat"],
  openssl: ["openssl"],
  prometheus: ["prometheus"],
  zstd: ["zstd"],
  "rtl-433": ["rtl_433"],
  chromium: ["chromium"],
  "python3-paho-mqtt": ["python3", "paho"],
  "python3-venv": ["python3", "venv"],
};

interface FakeOptions {
  readonly commands: readonly string[];
  readonly isRoot?: boolean;
  readonly java?: string;
  readonly hasPaho?: boolean;
  /** Packages that bring nothing. */
  readonly broken?: readonly string[];
}

/** A machine that is none. */
class FakeMachine implements Machine {
  readonly isRoot: boolean;
  readonly ran: string[] = [];
  readonly #there: Set<string>;
  readonly #options: FakeOptions;

  constructor(options: FakeOptions) {
    this.#options = options;
    this.isRoot = options.isRoot ?? true;
    this.#there = new Set(options.commands);
    if (options.hasPaho ?? true) this.#there.add("paho").add("venv");
  }

  find(command: string): Promise<string | undefined> {
    return Promise.resolve(this.#there.has(command) ? `/bin/${command}` : undefined);
  }

  run(path: string, ...args: string[]) {
    if (path === "/usr/bin/python3") {
      return Promise.resolve({ success: this.#there.has("paho"), text: "" });
    }
    if (path === "/bin/python3") {
      return Promise.resolve({ success: this.#there.has("venv"), text: "" });
    }
    if (path === "/bin/apt-cache") {
      return Promise.resolve({ success: args[1]! in PACKAGES, text: "" });
    }
    assert.equal(`${path} ${args}`, "/bin/java -version");
    const text = `openjdk version "${this.#options.java ?? "21.0.4"}" 2024-07-16`;
    return Promise.resolve({ success: true, text });
  }

  runVisibly(path: string, ...args: string[]): Promise<boolean> {
    this.ran.push([path, ...args].join(" "));
    for (const name of args) {
      if (this.#options.broken?.includes(name)) continue;
      for (const command of PACKAGES[name] ?? []) this.#there.add(command);
    }
    return Promise.resolve(true);
  }
}

const quiet = { mayInstall: false, report: () => {} };

Deno.test("provide() does nothing where all is there", async () => {
  const machine = new FakeMachine({ commands: COMMANDS });
  await provide(machine, { mayInstall: true, report: () => {} });
  assert.deepEqual(machine.ran, []);
});

Deno.test("provide() names in one line what is missing, and what installs it", async () => {
  const machine = new FakeMachine({ commands: ["apt-get", "openssl"], hasPaho: false });
  await assert.rejects(provide(machine, quiet), {
    code: "unavailable",
    message: "Install what is missing (mosquitto, mosquitto_pub, Java 17 or newer, mvn, kcat, " +
      "prometheus, zstd, rtl_433, Chromium, paho-mqtt of /usr/bin/python3, venv of python3) with deno task test " +
      "--install, or with sudo apt-get install -y --no-install-recommends mosquitto mosquitto-clients " +
      "openjdk-17-jdk-headless maven kcat prometheus zstd rtl-433 chromium python3-paho-mqtt python3-venv",
  });
  assert.deepEqual(machine.ran, []);
});

Deno.test("provide() names what is missing on a system that it does not know", async () => {
  const machine = new FakeMachine({ commands: COMMANDS.filter((name) => name !== "kcat") });
  await assert.rejects(provide(machine, { ...quiet, mayInstall: true }), {
    message: "Install what the tests need on this system: kcat",
  });
});

Deno.test("provide() takes no Java that is too old, and none that cannot compile", async () => {
  for (const java of ["11.0.2", "1.8.0_392"]) {
    const old = new FakeMachine({ commands: COMMANDS, java });
    await assert.rejects(provide(old, quiet), /on this system: Java 17 or newer$/);
  }
  const runtime = new FakeMachine({ commands: COMMANDS.filter((name) => name !== "javac") });
  await assert.rejects(provide(runtime, quiet), /on this system: Java 17 or newer$/);
});

Deno.test("provide() installs what is missing, by the names that the system knows", async () => {
  const commands = ["apt-get", "apt-cache"];
  const machine = new FakeMachine({ commands, hasPaho: false });
  const said: string[] = [];
  await provide(machine, { mayInstall: true, report: (line) => said.push(line) });
  assert.deepEqual(machine.ran, [
    "/bin/apt-get update -qq",
    "/bin/apt-get install -y --no-install-recommends -qq mosquitto mosquitto-clients " +
    "openjdk-21-jdk-headless maven kcat openssl prometheus zstd rtl-433 chromium python3-paho-mqtt python3-venv",
  ]);
  assert.equal(said.length, 2);
  assert.match(said[0]!, /^Installing mosquitto, .* paho-mqtt of/);
});

Deno.test("provide() asks for rights by sudo, or says that it needs them", async () => {
  const commands = [...COMMANDS.filter((name) => name !== "kcat"), "apt-get"];
  const user = new FakeMachine({ commands: [...commands, "sudo"], isRoot: false });
  await provide(user, { mayInstall: true, report: () => {} });
  assert.deepEqual(user.ran[0], "/bin/sudo /bin/apt-get update -qq");
  const nobody = new FakeMachine({ commands, isRoot: false });
  await assert.rejects(
    provide(nobody, { ...quiet, mayInstall: true }),
    /^WattstreamError: Run it as root, to install kcat$/,
  );
});

Deno.test("provide() says what an installation did not bring", async () => {
  const commands = [...COMMANDS.filter((name) => name !== "kcat"), "apt-get"];
  const machine = new FakeMachine({ commands, broken: ["kcat"] });
  await assert.rejects(
    provide(machine, { ...quiet, mayInstall: true }),
    /Install kcat yourself: kcat did not bring it/,
  );
});

Deno.test("NEEDS name each thing once", () => {
  const names = NEEDS.map(({ name }) => name);
  assert.equal(new Set(names).size, names.length);
});
