import { setTimeout as sleep } from "node:timers/promises";
import { connectCluster } from "../../deployer/cluster/connect.ts";
import { RESOURCES } from "../../deployer/cluster/resources.ts";
import type { ClusterRig } from "./rig.ts";

/** What a pod in the cluster asks a Service all the time, over connections that it keeps. */
export interface LoadSettings {
  /** One that has Node. */
  readonly image: string;
  readonly url: string;
  readonly body: string;
}

/** Requests that go on until it is disposed of. */
export interface Load extends AsyncDisposable {
  /** Waits until so many were answered. @throws Error when that takes too long */
  untilAnswered(count: number): Promise<void>;
  /** Waits until one answer is all there is. @returns how often each `STATUS BODY` has come in all */
  untilOnly(answer: string): Promise<Readonly<Record<string, number>>>;
}

/** Connections at once. */
const CONNECTIONS = 4;
const TIMEOUT_MS = 90_000;
const NAME = "load";

/** Twice a second a line of JSON: how often each answer has come, and how often since the last line. */
const SCRIPT = `
const { URL_, BODY } = process.env, all = {}, headers = { "content-type": "application/json" };
let latest = {};
async function ask() {
  for (;;) {
    let answer;
    try {
      const response = await fetch(URL_, { method: "POST", headers, body: BODY });
      answer = response.status + " " + (await response.text());
    } catch (error) {
      answer = "failed " + (error.cause ?? error).message;
    }
    all[answer] = (all[answer] ?? 0) + 1;
    latest[answer] = (latest[answer] ?? 0) + 1;
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
}
for (let at = 0; at < ${CONNECTIONS}; at++) void ask();
setInterval(() => { console.log(JSON.stringify({ all, latest })); latest = {}; }, 500);
`;

interface Counts {
  readonly all: Readonly<Record<string, number>>;
  readonly latest: Readonly<Record<string, number>>;
}

/** Starts such a pod in the tests' namespace. */
export async function startLoad(
  { kubeconfig, namespace }: Pick<ClusterRig, "kubeconfig" | "namespace">,
  { image, url, body }: LoadSettings,
): Promise<Load> {
  const cluster = await connectCluster({ kubeconfig, namespace, env: process.env });
  await cluster.create(RESOURCES.pod, {
    apiVersion: "v1",
    kind: "Pod",
    metadata: { name: NAME, namespace },
    spec: {
      restartPolicy: "Never",
      terminationGracePeriodSeconds: 0,
      securityContext: { runAsNonRoot: true, seccompProfile: { type: "RuntimeDefault" } },
      containers: [
        {
          name: NAME,
          image,
          command: ["node", "-e", SCRIPT],
          env: [
            { name: "URL_", value: url },
            { name: "BODY", value: body },
          ],
          securityContext: { allowPrivilegeEscalation: false, capabilities: { drop: ["ALL"] } },
        },
      ],
    },
  });
  const counts = async (): Promise<Counts | undefined> => {
    const lines = await cluster.logs({ pod: NAME, container: NAME, tailLines: 1 }).catch(() => "");
    return lines.trim() === "" ? undefined : (JSON.parse(lines) as Counts);
  };
  const until = async (what: string, reached: (counts: Counts) => boolean): Promise<Counts> => {
    let last: Counts | undefined;
    for (const deadline = Date.now() + TIMEOUT_MS; Date.now() < deadline; await sleep(200)) {
      last = await counts();
      if (last !== undefined && reached(last)) return last;
    }
    throw new Error(`the load has not seen ${what}: ${JSON.stringify(last)}`);
  };
  const sum = (answers: Counts["all"]) => Object.values(answers).reduce((total, count) => total + count, 0);
  return {
    untilAnswered: async (count) => void (await until(`${count} answers`, ({ all }) => sum(all) >= count)),
    untilOnly: async (answer) => {
      const only = ({ latest }: Counts) =>
        sum(latest) > 0 && Object.keys(latest).every((seen) => seen.endsWith(answer));
      return (await until(`only ${answer}`, only)).all;
    },
    async [Symbol.asyncDispose]() {
      await cluster.delete(RESOURCES.pod, { name: NAME });
      await cluster[Symbol.asyncDispose]();
    },
  };
}
