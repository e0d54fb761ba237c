import { describe, expect, it } from "vitest";
import { findCause, findings, likelyCause } from "../../../deployer/rollout/causes/find-cause.ts";
import { newPods } from "../../../deployer/rollout/snapshot.ts";
import { viewOf } from "../../../deployer/rollout/view.ts";
import {
  recorded,
  withEvent,
  withPodStatus,
  withServiceEvent,
  withStatus,
  withWaiting,
} from "./snapshots.ts";

describe("the cause of a rollout's failure, as a real cluster had it", () => {
  it.each([
    [
      "image-pull",
      /^The image localhost\/nosuch:1 of kserve-container cannot be pulled: .*connection refused\.$/,
    ],
    [
      "crash-loop",
      /^The container kserve-container ended with exit code 1, and does so each time it is started\.$/,
    ],
    ["out-of-memory", /used more memory than its limit of 64Mi and was killed/],
    ["never-ready", /did not pass its startup probe .*connection refused/],
    [
      "initializer",
      /^The model gs:\/\/no-such-bucket\/model could not be fetched: there is no model at that URI/,
    ],
    ["no-runtime", /^No runtime of the cluster serves the format sklaern\.$/],
    ["unknown-runtime", /^There is no runtime kserve-sklearnsever/],
    ["unsupported-uri", /^KServe cannot fetch a model from ftp:\/\/x\/y\.$/],
    ["unschedulable", /: 0\/1 nodes are available: 1 Insufficient cpu\.$/],
    ["quota", /^The namespace's quota is used up: exceeded quota: small, requested: limits\.cpu=1/],
    ["pod-security", /violates PodSecurity "restricted:latest"/],
    ["container-config", /^The container kserve-container cannot be made: secret "nosuch" not found\.$/],
    ["volume", /^The claim nosuch that the pod mounts is not in this namespace\.$/],
  ])("is found for %s", (reason, message) => {
    const cause = findCause(recorded(reason));
    expect(cause?.reason).toBe(reason);
    expect(cause?.message).toMatch(message);
    expect(cause?.hint).toMatch(/\.$/);
  });

  it("is not found in an old pod that crashes beside new ones that start", () => {
    const snapshot = recorded("old-pod-crashes");
    const restarts = viewOf(snapshot).pods.filter((pod) => !pod.isNew && pod.restarts > 0);
    expect(restarts).toHaveLength(1);
    expect(newPods(snapshot)).toHaveLength(1);
    expect(findCause(snapshot)).toBeUndefined();
  });

  it("names no failure before KServe has seen an update to the workload", () => {
    const { service, ...others } = recorded("crash-loop");
    const spec = { predictor: { containers: [{ name: "kserve-container", image: "localhost/other:2" }] } };
    const updated = { ...service, spec, metadata: { ...service.metadata, generation: 2 } };
    expect(findCause({ ...others, service: updated, watchedMs: 100 })).toBeUndefined();
    expect(viewOf({ ...others, service: updated, watchedMs: 100 }).observed).toBe(false);
  });
});

describe("an image that cannot be pulled", () => {
  it.each([
    ["pull access denied, repository does not exist or may require authorization", /imagePullSecrets/],
    ["ghcr.io/a/b:1: not found", /name and tag/],
    ["no match for platform in manifest: not found", /--platform/],
    ["429 Too Many Requests - toomanyrequests: You have reached your pull rate limit", /limits pulls/],
    ["dial tcp: lookup registry.local: no such host", /cannot reach the registry/],
    ["tls: failed to verify certificate: x509: certificate signed by unknown authority", /do not trust/],
  ])("hints at what helps with %s", (words, hint) => {
    const message = `Back-off pulling image "ghcr.io/a/b:1": ErrImagePull: ${words}`;
    const cause = findCause(withWaiting(recorded("image-pull"), "ImagePullBackOff", message));
    expect(cause?.hint).toMatch(hint);
    expect(cause?.message).toContain(words);
  });

  it("takes the reason from the event where the container's own words are none", () => {
    const snapshot = { ...recorded("image-pull"), events: [] };
    const waiting = withWaiting(snapshot, "ImagePullBackOff", 'Back-off pulling image "localhost/nosuch:1"');
    const told = withEvent(waiting, "Failed", 'Failed to pull image "localhost/nosuch:1": unauthorized');
    expect(findCause(told)?.message).toMatch(/cannot be pulled: unauthorized\.$/);
  });
});

describe("a container that does not stay up", () => {
  const ended = (exitCode: number, more: object = {}, restartCount = 1) =>
    withPodStatus(recorded("crash-loop"), {
      containerStatuses: [
        {
          name: "kserve-container",
          ready: false,
          restartCount,
          state: { terminated: { exitCode, ...more } },
        },
      ],
    });

  it("is no failure the first time", () => {
    expect(findCause(ended(1, {}, 0))).toBeUndefined();
  });

  it.each([
    [139, /was killed by SIGSEGV \(exit code 139\)/],
    [0, /ended with exit code 0/],
    [127, /ended with exit code 127/],
  ])("tells how it ended with %d", (exitCode, message) => {
    expect(findCause(ended(exitCode))?.message).toMatch(message);
  });

  it("hints at another processor's image", () => {
    const failed = ended(255, { message: "exec /server: exec format error" });
    expect(findCause(failed)?.hint).toMatch(/of another processor/);
  });

  it("names the key that a Secret lacks", () => {
    const message = "couldn't find key token in Secret models/hub";
    const cause = findCause(withWaiting(recorded("crash-loop"), "CreateContainerConfigError", message));
    expect(cause).toMatchObject({
      reason: "container-config",
      hint: expect.stringContaining("Add the key token to the Secret models/hub") as string,
    });
  });
});

describe("an initializer that fails", () => {
  it.each([
    [
      "botocore.exceptions.ClientError: An error occurred (InvalidAccessKeyId) when calling ListObjects",
      /does not take the credentials/,
    ],
    [
      "An error occurred (SignatureDoesNotMatch) when calling the HeadObject operation",
      /does not take the credentials/,
    ],
    ["botocore.exceptions.NoCredentialsError: Unable to locate credentials", /no credentials for the store/],
    ["An error occurred (NoSuchBucket) when calling the ListObjects operation", /no such bucket/],
    ["RuntimeError: Failed to fetch model. No model found in s3://a/b.", /no model at that URI/],
    ["An error occurred (AccessDenied) when calling the ListObjects operation", /may not read it/],
    ["An error occurred (RequestTimeTooSkewed)", /clock is wrong/],
  ])("is told apart by %s", (message, what) => {
    const initContainerStatuses = [
      { name: "storage-initializer", restartCount: 0, state: { terminated: { exitCode: 1, message } } },
    ];
    const cause = findCause(withPodStatus(recorded("initializer"), { initContainerStatuses }));
    expect(cause).toMatchObject({ reason: "initializer", container: "storage-initializer" });
    expect(cause?.message).toMatch(what);
  });

  it("may try again when the store did not answer once", () => {
    const terminated = {
      exitCode: 1,
      message: "EndpointConnectionError: Could not connect to the endpoint URL",
    };
    const first = [{ name: "storage-initializer", restartCount: 0, state: { terminated } }];
    const snapshot = withPodStatus(recorded("initializer"), { initContainerStatuses: first });
    expect(findCause(snapshot)).toBeUndefined();
    expect(likelyCause(snapshot)?.message).toMatch(/the store does not answer/);
    const second = [{ ...first[0], name: "storage-initializer", restartCount: 1 }];
    expect(findCause(withPodStatus(snapshot, { initContainerStatuses: second }))?.reason).toBe("initializer");
  });

  it("that has succeeded at last is none", () => {
    const initContainerStatuses = [
      {
        name: "storage-initializer",
        restartCount: 2,
        state: { terminated: { exitCode: 0 } },
        lastState: { terminated: { exitCode: 1, message: "NoSuchBucket" } },
      },
    ];
    expect(findings(withPodStatus(recorded("initializer"), { initContainerStatuses }))).toEqual([]);
  });
});

describe("a pod that no node takes", () => {
  it("may wait for a node that the autoscaler brings", () => {
    const comes = withEvent(recorded("unschedulable"), "TriggeredScaleUp", "pod triggered scale-up");
    expect(findCause(comes)).toBeUndefined();
    expect(likelyCause(comes)?.reason).toBe("unschedulable");
  });

  it("waits to hear of an autoscaler where there may be one", () => {
    const { hasAutoscaler: _, ...unknown } = recorded("unschedulable");
    expect(findings(unknown)[0]?.holdMs).toBeGreaterThan(10_000);
    const refused = withEvent(unknown, "NotTriggerScaleUp", "pod didn't trigger scale-up");
    expect(findCause(refused)?.reason).toBe("unschedulable");
  });

  it.each([
    [
      "0/3 nodes are available: 3 Insufficient nvidia.com/gpu. preemption: no victims",
      /free nvidia\.com\/gpu/,
    ],
    ["0/2 nodes are available: 2 node(s) didn't match Pod's node affinity/selector.", /nodeSelector/],
    ["0/2 nodes are available: 2 node(s) had untolerated taint {gpu: yes}.", /tolerations/],
  ])("hints at %s", (message, hint) => {
    const conditions = [{ type: "PodScheduled", status: "False", reason: "Unschedulable", message }];
    const cause = findCause(withPodStatus(recorded("unschedulable"), { conditions }));
    expect(cause?.hint).toMatch(hint);
    expect(cause?.message).not.toContain("preemption");
  });
});

describe("what KServe's controller says", () => {
  const bare = () => {
    const snapshot = withStatus(recorded("no-runtime"), {});
    return { ...snapshot, events: [] };
  };

  it("is no failure when two writers met", () => {
    const words = 'Operation cannot be fulfilled on inferenceservices "digits": the object has been modified';
    expect(findings(withServiceEvent(bare(), "InternalError", words, 20))).toEqual([]);
  });

  it("is one when it says the same again and again", () => {
    const words = "fails to reconcile component: admission webhook denied";
    const once = findings(withServiceEvent(bare(), "InternalError", words))[0];
    expect(once?.holdMs).toBe(Infinity);
    const often = findings(withServiceEvent(bare(), "InternalError", words, 6))[0];
    expect(often?.cause.reason).toBe("controller");
    expect(often?.holdMs).toBeLessThan(3000);
  });

  it("is read from the status where events may not be read", () => {
    const snapshot = { ...recorded("unknown-runtime"), events: [], unreadable: ["events"] };
    expect(findCause(snapshot)?.reason).toBe("unknown-runtime");
  });

  it("is not taken from before an update", () => {
    const { service, ...others } = recorded("no-runtime");
    const spec = { predictor: { model: { name: "", modelFormat: { name: "onnx" } } } };
    const updated = { ...service, spec, metadata: { ...service.metadata, generation: 2 } };
    expect(findCause({ ...others, service: updated })).toBeUndefined();
  });
});

describe("a revision that Knative gave up", () => {
  it.each([
    [
      "ContainerMissing",
      'Unable to fetch image "ghcr.io/a/b:1": failed to resolve image to digest',
      "image-pull",
    ],
    ["ExitCode1", "Container failed with: told to fail", "crash-loop"],
    ["ProgressDeadlineExceeded", "Initial scale was never achieved", "never-ready"],
  ])("tells %s", (reason, message, expected) => {
    const { service } = recorded("no-runtime");
    const at = { namespace: "models" };
    const snapshot = {
      ...recorded("no-runtime"),
      service: { ...service, status: {} },
      events: [],
      knativeServices: [
        {
          apiVersion: "serving.knative.dev/v1",
          kind: "Service",
          metadata: { ...at, name: "digits-predictor", generation: 1 },
          status: { observedGeneration: 1, latestCreatedRevisionName: "digits-predictor-00001" },
        },
      ],
      knativeRevisions: [
        {
          apiVersion: "serving.knative.dev/v1",
          kind: "Revision",
          metadata: { ...at, name: "digits-predictor-00001" },
          status: { conditions: [{ type: "Ready", status: "False", reason, message }] },
        },
      ],
    };
    expect(findCause(snapshot)?.reason).toBe(expected);
  });
});
