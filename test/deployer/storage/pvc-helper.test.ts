import { describe, expect, it } from "vitest";
import type { KubeObject } from "../../../deployer/cluster/cluster.ts";
import { openPvcStore, parsePvcUri } from "../../../deployer/storage/pvc.ts";
import type { Claim } from "../../../deployer/storage/pvc-helper/claim.ts";
import { whyNotStarted } from "../../../deployer/storage/pvc-helper/why-not-started.ts";
import { problemOf } from "../problem-of.ts";

const CLAIM: Claim = { namespace: "models", name: "store", accessModes: ["ReadWriteOnce"], phase: "Bound" };
const USERS = [{ pod: "digits-predictor-1", node: "node-a" }];

function podWith(status: object): KubeObject {
  return { apiVersion: "v1", kind: "Pod", metadata: { name: "helper", namespace: "models" }, status };
}

function waiting(reason: string, message?: string): KubeObject {
  return podWith({ phase: "Pending", containerStatuses: [{ state: { waiting: { reason, message } } }] });
}

function warning(reason: string, message: string): KubeObject {
  const metadata = { name: "e", namespace: "models" };
  return { apiVersion: "v1", kind: "Event", metadata, type: "Warning", reason, message };
}

const PENDING = podWith({ phase: "Pending" });

describe("the URI of a claim", () => {
  it.each([
    ["pvc://store", { claim: "store", prefix: "" }],
    ["pvc://store/", { claim: "store", prefix: "" }],
    ["pvc://store/team//models/", { claim: "store", prefix: "team/models" }],
  ])("%s has its parts", (uri, parts) => {
    expect(parsePvcUri(uri)).toEqual(parts);
  });

  it.each([
    ["s3://bucket", /expected a URI of a claim: pvc:\/\/claim\/path, got s3:\/\/bucket/],
    ["pvc://", /expected a claim, as in pvc:\/\/claim\/path/],
    ["pvc://store/../other", /expected a URI without \.\./],
  ])("%s is refused", (uri, message) => {
    expect(problemOf(() => parsePvcUri(uri))).toMatch(message);
  });

  it("is refused without a cluster", async () => {
    await expect(openPvcStore("pvc://store", {})).rejects.toThrow(/expected a cluster to be chosen/);
  });
});

describe("why a helper does not start", () => {
  it("is not known as long as nothing says so", () => {
    expect(whyNotStarted(PENDING, [], CLAIM, [])).toBeUndefined();
    expect(whyNotStarted(waiting("ContainerCreating"), [], CLAIM, [])).toBeUndefined();
  });

  it.each(["ErrImagePull", "ImagePullBackOff", "InvalidImageName", "ErrImageNeverPull"])(
    "is its image at %s, and waiting does not help",
    (reason) => {
      const problem = whyNotStarted(waiting(reason, "no such image"), [], CLAIM, []);
      expect(problem).toMatchObject({ message: "its image cannot be pulled: no such image", isFinal: true });
      expect(problem?.hint).toMatch(/KSERVE_TS_HELPER_IMAGE=/);
    },
  );

  it("is an image without a shell", () => {
    const message = 'exec: "sh": executable file not found in $PATH';
    const terminated = { exitCode: 128, reason: "StartError", message };
    const pod = podWith({ phase: "Failed", containerStatuses: [{ state: { terminated } }] });
    expect(whyNotStarted(pod, [], CLAIM, [])).toMatchObject({
      message: `its container ended with exit code 128: ${message}`,
      isFinal: true,
    });
  });

  it("is a pod that the node has evicted", () => {
    const pod = podWith({ phase: "Failed", reason: "Evicted", message: "The node was low on memory." });
    expect(whyNotStarted(pod, [], CLAIM, [])).toMatchObject({
      message: "The node was low on memory.",
      isFinal: true,
    });
  });

  it("is a claim that is not bound", () => {
    const message = "0/1 nodes are available: pod has unbound immediate PersistentVolumeClaims.";
    const conditions = [{ type: "PodScheduled", status: "False", reason: "Unschedulable", message }];
    const claim = { ...CLAIM, phase: "Pending" };
    const problem = whyNotStarted(podWith({ phase: "Pending", conditions }), [], claim, []);
    expect(problem).toMatchObject({ message: `no node takes it: ${message}`, isFinal: false });
    expect(problem?.hint).toMatch(/describe pvc store .* It is Pending: is there a StorageClass/);
  });

  it("is a pod on another node that holds the volume, by its name", () => {
    const message =
      'Multi-Attach error for volume "pv-1" Volume is already used by pod(s) digits-predictor-1';
    const problem = whyNotStarted(PENDING, [warning("FailedAttachVolume", message)], CLAIM, USERS);
    expect(problem).toMatchObject({ message: `its volume is not there: ${message}`, isFinal: false });
    expect(problem?.hint).toMatch(/pods of one node at a time .* held by digits-predictor-1 on node-a/);
  });

  it("is the one pod that a ReadWriteOncePod claim serves", () => {
    const message = "0/1 nodes are available: 1 node has pod using PersistentVolumeClaim with the same name";
    const conditions = [{ type: "PodScheduled", status: "False", reason: "Unschedulable", message }];
    const claim = { ...CLAIM, accessModes: ["ReadWriteOncePod"] };
    const problem = whyNotStarted(podWith({ phase: "Pending", conditions }), [], claim, USERS);
    expect(problem?.hint).toMatch(/serves only one pod at a time, and is held by digits-predictor-1/);
  });

  it("is a volume that cannot be mounted", () => {
    const events = [warning("FailedMount", "MountVolume.SetUp failed: hostPath type check failed")];
    expect(whyNotStarted(PENDING, events, CLAIM, [])).toMatchObject({
      message: "its volume is not there: MountVolume.SetUp failed: hostPath type check failed",
    });
  });
});
