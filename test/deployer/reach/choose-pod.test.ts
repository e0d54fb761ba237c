import { describe, expect, it } from "vitest";
import { choosePod } from "../../../deployer/reach/choose-pod.ts";
import { READY, podOf, serviceOf } from "../pods.ts";

const PREDICTOR = serviceOf({ predictor: {} });
const BOTH = serviceOf({ predictor: {}, transformer: {}, explainer: {} });
const ready = (name: string, component = "predictor") => podOf(name, { component, status: READY });

describe("the pod that a service's requests go to", () => {
  it("is a ready one of the predictor", () => {
    const chosen = choosePod([podOf("a"), ready("b")], PREDICTOR, false);
    expect(chosen).toEqual({ pod: "b", component: "predictor", httpPort: 8080, grpcPort: 8081 });
  });

  it("is one of the transformer, which asks the predictor", () => {
    expect(choosePod([ready("p"), ready("t", "transformer")], BOTH, false)?.pod).toBe("t");
  });

  it("is none while the transformer is not ready: the predictor takes other inputs", () => {
    expect(choosePod([ready("p"), podOf("t", { component: "transformer" })], BOTH, false)).toBeUndefined();
  });

  it("is one of the explainer where an explanation is wanted", () => {
    const pods = [ready("p"), ready("t", "transformer"), ready("e", "explainer")];
    expect(choosePod(pods, BOTH, true)?.pod).toBe("e");
    expect(choosePod(pods, BOTH, false)?.pod).toBe("t");
  });

  it("is none that is about to end", () => {
    const pod = podOf("a", { status: READY, deletionTimestamp: "2026-11-25T08:00:00Z" });
    expect(choosePod([pod], PREDICTOR, false)).toBeUndefined();
  });

  it("is none of a canary", () => {
    const isvc = serviceOf({ predictor: { name: "stable" }, canary: [{ predictor: { name: "next" } }] });
    const of = (name: string) =>
      podOf(name, { status: READY, labels: { app: `isvc.digits-${name}-predictor` } });
    expect(choosePod([of("next"), of("stable")], isvc, false)?.pod).toBe("stable");
  });
});

describe("the ports of that pod", () => {
  const portsOf = (container: object, ...others: object[]) => {
    const containers = [...others, { name: "kserve-container", ...container }];
    const pod = podOf("a", { status: READY, spec: { containers } });
    const { httpPort, grpcPort } = choosePod([pod], PREDICTOR, false) ?? {};
    return [httpPort, grpcPort];
  };

  it.each([
    [
      "those it declares",
      { ports: [{ name: "h2c", containerPort: 9000 }, { containerPort: 9001 }] },
      [9001, 9000],
    ],
    ["those its arguments say", { args: ["--http_port=8090", "--grpc-port", "9000"] }, [8090, 9000]],
    ["TensorFlow Serving's", { args: ["--port=9000", "--rest_api_port=8080"] }, [8080, 8081]],
  ])("are %s", (_name, container, expected) => expect(portsOf(container)).toEqual(expected));

  it("are the agent's for REST where there is one: it logs and batches", () => {
    expect(portsOf({}, { name: "agent" })).toEqual([9081, 8081]);
  });
});
