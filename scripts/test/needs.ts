/** What the tests run against beside Deno: real servers and foreign clients. */
import type { Machine } from "./machine.ts";

/** Something that a machine has or has not. */
export interface Need {
  /** For messages. */
  readonly name: string;
  /** Debian packages that bring it; the first that the system knows. */
  readonly packages: readonly [string, ...string[]];
  isMet(machine: Machine): Promise<boolean>;
}

const JAVA_MIN = 17;
/** Where Debian's packages for Python are seen: another Python may come first on the path. */
const PYTHON = "/usr/bin/python3";

/** Everything but Kubernetes. */
export const NEEDS: readonly Need[] = [
  commandNeed("mosquitto", "mosquitto"),
  commandNeed("mosquitto_pub", "mosquitto-clients"),
  {
    // With its compiler: what opens HiveMQ to everyone is a class of ours.
    name: `Java ${JAVA_MIN} or newer`,
    packages: ["openjdk-17-jdk-headless", "openjdk-21-jdk-headless", "openjdk-25-jdk-headless"],
    isMet: async (machine) => await javaVersion(machine) >= JAVA_MIN,
  },
  commandNeed("mvn", "maven"),
  commandNeed("kcat", "kcat"),
  commandNeed("openssl", "openssl"),
  commandNeed("prometheus", "prometheus"),
  commandNeed("zstd", "zstd"),
  commandNeed("rtl_433", "rtl-433"),
  {
    name: "Chromium",
    packages: ["chromium"],
    isMet: async (machine) =>
      await machine.find("chromium") !== undefined ||
      await machine.find("google-chrome") !== undefined,
  },
  {
    name: `paho-mqtt of ${PYTHON}`,
    packages: ["python3-paho-mqtt"],
    isMet: async (machine) =>
      await machine.find("python3") !== undefined &&
      (await machine.run(PYTHON, "-c", "import paho.mqtt.client")).success,
  },
  {
    // The first one on the path: its packages are those of the tests.
    name: "venv of python3",
    packages: ["python3-venv"],
    isMet: async (machine) => {
      const python = await machine.find("python3");
      return python !== undefined && (await machine.run(python, "-c", "import ensurepip")).success;
    },
  },
];

/** For the tests of deploy/: a Kubernetes node, and the checkers of what it is given. */
export const KUBERNETES_NEEDS: readonly Need[] = [
  commandNeed("zstd", "zstd"),
  commandNeed("ip", "iproute2"),
  commandNeed("iptables", "iptables"),
  commandNeed("containerd", "containerd"),
  commandNeed("runc", "runc"),
  commandNeed("catatonit", "catatonit"),
  commandNeed("buildah", "buildah"),
  commandNeed("go", "golang-go"),
  commandNeed("systemd-analyze", "systemd"),
];

function commandNeed(command: string, debianPackage: string): Need {
  return {
    name: command,
    packages: [debianPackage],
    isMet: async (machine) => await machine.find(command) !== undefined,
  };
}

/** The major version, or 0 where there is none, or one that compiles nothing. */
async function javaVersion(machine: Machine): Promise<number> {
  const java = await machine.find("java");
  if (java === undefined || await machine.find("javac") === undefined) return 0;
  const { text } = await machine.run(java, "-version");
  return Number(/version "(\d+)/.exec(text)?.[1] ?? 0);
}
