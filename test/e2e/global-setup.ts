import type { TestProject } from "vitest/node";
import { imageSocketOf, startTestbed } from "./testbed.ts";

/** The cluster as the test files get it by `inject("cluster")`: plain data. */
export interface ClusterFacts {
  readonly kubeconfig: string;
  /** Of the node's containerd, where images can be loaded; undefined: somebody else's cluster. */
  readonly imageSocket: string | undefined;
}

declare module "vitest" {
  interface ProvidedContext {
    /** Undefined: no cluster can be had here. */
    cluster: ClusterFacts | undefined;
  }
}

/**
 * Takes the cluster of KUBECONFIG, or starts one for this run. Where there is none, the tests are skipped and the last
 * lines say why; with E2E_REQUIRED set the run fails.
 */
export async function setup(project: TestProject): Promise<() => Promise<void>> {
  const given = process.env["KUBECONFIG"];
  if (given !== undefined && given !== "") {
    const imageSocket = imageSocketOf(given);
    project.provide("cluster", { kubeconfig: given, imageSocket });
    return async () => {
      if (imageSocket === undefined) {
        console.log(
          "\nskipped: the tests whose images are loaded into the node, which KUBECONFIG's does not let them",
        );
      }
    };
  }
  const cancelled = new AbortController();
  const starting = startTestbed({ signal: cancelled.signal });
  // Vitest ends at once by a signal, and tears nothing down.
  const cancel = (_signal: NodeJS.Signals, number: number) => {
    cancelled.abort();
    const stopping = starting.then((testbed) => ("reason" in testbed ? undefined : testbed.stop()));
    void stopping.catch(() => undefined).finally(() => process.exit(128 + number));
  };
  process.once("SIGINT", cancel).once("SIGTERM", cancel);
  const started = await starting;
  if ("reason" in started) {
    process.off("SIGINT", cancel).off("SIGTERM", cancel);
    const words = `No test cluster can be had here: ${started.reason}`;
    if (process.env["E2E_REQUIRED"]) throw new Error(`${words}. E2E_REQUIRED is set.`);
    project.provide("cluster", undefined);
    return async () => console.log(`\nskipped: every test. ${words}. KUBECONFIG may name another cluster.`);
  }
  project.provide("cluster", {
    kubeconfig: started.kubeconfig,
    imageSocket: imageSocketOf(started.kubeconfig),
  });
  return () => {
    process.off("SIGINT", cancel).off("SIGTERM", cancel);
    return started.stop();
  };
}
