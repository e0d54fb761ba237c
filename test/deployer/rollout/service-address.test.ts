import { describe, expect, it } from "vitest";
import { addressOf, curlOf, readyPathOf } from "../../../deployer/rollout/service-address.ts";
import { problemOf } from "../problem-of.ts";
import { observed } from "./fixtures.ts";

const service = observed("ready");

describe("the address of an InferenceService", () => {
  it("is what KServe says, from outside and from within", () => {
    expect(addressOf(service)).toEqual({ url: "http://custom-default.example.com" });
    expect(addressOf(service, { local: true })).toEqual({
      url: "http://custom-predictor.default.svc.cluster.local",
    });
  });

  it("is the ingress with the Host header where one is named, and keeps the URL's path", () => {
    const host = "custom-default.example.com";
    expect(addressOf(service, { baseUrl: "http://localhost:8080/" })).toEqual({
      url: "http://localhost:8080",
      host,
    });
    const status = { url: "https://example.com/serving/default/custom" };
    expect(addressOf({ ...service, status }, { baseUrl: "http://10.0.0.1" })).toEqual({
      url: "http://10.0.0.1/serving/default/custom",
      host: "example.com",
    });
  });

  it("becomes a command with the header, quoted for the shell", () => {
    const address = addressOf(service, { baseUrl: "http://localhost:8080" });
    expect(curlOf(address, readyPathOf(service), (text) => `'${text}'`)).toBe(
      "curl -H 'Host: custom-default.example.com' 'http://localhost:8080/v1/models/custom'",
    );
  });

  it("is missed with the reason", () => {
    expect(problemOf(() => addressOf(observed("stopped")))).toBe("custom has no URL: it is stopped");
    expect(problemOf(() => addressOf(observed("no-runtime")))).toBe(
      "noruntime has no URL yet: IngressReady is Unknown",
    );
    expect(problemOf(() => addressOf({ ...service, status: {} }, { local: true }))).toBe(
      "custom has no address within the cluster yet: KServe has not said anything of it yet",
    );
    const { status } = observed("crashes");
    expect(problemOf(() => addressOf({ ...service, status: { ...(status as object), url: "" } }))).toBe(
      "custom has no URL yet: PredictorReady is False " +
        "(MinimumReplicasUnavailable: Deployment does not have minimum availability.)",
    );
  });
});
