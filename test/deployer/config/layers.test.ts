import { describe, expect, it } from "vitest";
import { deployEnvironment } from "../../../deployer/config/environment.ts";
import { type DeployLayers, layerDeployment } from "../../../deployer/config/layers.ts";
import { parseDeployFile } from "../../../deployer/config/parse.ts";
import { problemOf } from "../problem-of.ts";

const file = (value: unknown): NonNullable<DeployLayers["file"]> =>
  parseDeployFile(value, "kserve.config.ts");

describe("the layers of a deployment", () => {
  it("begin with the defaults and the folder's name", () => {
    const { settings, target } = layerDeployment({ folderName: "digits" });
    expect(settings).toEqual({
      name: "digits",
      predictor: "custom",
      podSecurity: "restricted",
      startupTimeoutSeconds: 600,
      drainDelayMs: 5000,
      gracePeriodMs: 30_000,
      waitTimeoutSeconds: 300,
    });
    expect(target).toEqual({});
  });

  it("outrank each other: file, target, environment, flag", () => {
    const layers = {
      file: file({
        deploy: { name: "file", minReplicas: 1, image: "file:1", gracePeriodMs: 1, drainDelayMs: 1 },
        targets: { prod: { deploy: { minReplicas: 2, image: "target:1", gracePeriodMs: 2 } } },
      }),
      environment: deployEnvironment({ KSERVE_TS_DEPLOY_IMAGE: "env:1", KSERVE_TS_DEPLOY_MIN_REPLICAS: "3" }),
      flags: { deploy: { minReplicas: 4 } },
      folderName: "folder",
    };
    expect(layerDeployment(layers).settings).toMatchObject({
      name: "file",
      drainDelayMs: 1,
      gracePeriodMs: 2,
      image: "env:1",
      minReplicas: 4,
    });
  });

  it("join objects member by member, and take lists and credentials as a whole", () => {
    const layers = {
      file: file({
        deploy: {
          env: { A: "1", B: "1" },
          args: ["--a", "--b"],
          model: { uri: "s3://models/a", runtime: "mine" },
          predictor: "sklearn",
          secret: { hf_token: "x", s3_region: "y" },
        },
        targets: {
          prod: { deploy: { env: { B: "2" }, args: ["--c"], model: "s3://models/b", secret: "keys" } },
        },
      }),
      folderName: "digits",
    };
    expect(layerDeployment(layers).settings).toMatchObject({
      env: { A: "1", B: "2" },
      args: ["--c"],
      model: { uri: "s3://models/b", runtime: "mine" },
      secret: "keys",
    });
  });

  it("let replicas stand for both ends, whichever layer they are in", () => {
    const both = { file: file({ deploy: { minReplicas: 1, maxReplicas: 4 } }), folderName: "digits" };
    const { settings } = layerDeployment({ ...both, flags: { deploy: { replicas: 3 } } });
    expect(settings).toMatchObject({ minReplicas: 3, maxReplicas: 3 });
  });

  it("take the target's credentials where the deployment has none of its own", () => {
    const targets = { prod: { secret: "of-the-place" } };
    expect(layerDeployment({ file: file({ targets }), folderName: "a" }).settings.secret).toBe(
      "of-the-place",
    );
    const own = file({ targets, deploy: { secret: "own" } });
    expect(layerDeployment({ file: own, folderName: "a" }).settings.secret).toBe("own");
  });

  it("take the only target, and ask where there are several", () => {
    const one = file({ targets: { prod: { namespace: "ml" } } });
    expect(layerDeployment({ file: one, folderName: "a" }).target).toEqual({
      target: "prod",
      namespace: "ml",
    });
    const two = { file: file({ targets: { prod: {}, staging: {} } }), folderName: "a" };
    expect(problemOf(() => layerDeployment(two))).toBe("target: expected one of prod, staging, got none");
    expect(layerDeployment({ ...two, flags: { target: "staging" } }).target).toEqual({ target: "staging" });
    const near = { ...two, environment: { target: "stagin" } };
    expect(problemOf(() => layerDeployment(near))).toBe(
      'target: there is no target "stagin"; did you mean staging?',
    );
  });

  it("are checked as a whole", () => {
    const flags = { deploy: { minReplicas: 0 }, place: { deploymentMode: "Standard" as const } };
    expect(problemOf(() => layerDeployment({ flags, folderName: "digits" }))).toMatch(
      /^deploy\.minReplicas: expected at least 1: in Standard mode only .* scales to zero/,
    );
    expect(problemOf(() => layerDeployment({ folderName: "My Digits" }))).toMatch(/such as "my-digits"/);
  });
});

describe("the environment's settings", () => {
  it("are of the types that the settings have", () => {
    const environment = {
      KSERVE_TS_DEPLOY_TARGET: "prod",
      KSERVE_TS_DEPLOY_NAMESPACE: "ml",
      KSERVE_TS_DEPLOY_BASE_URL: "http://ingress",
      KSERVE_TS_DEPLOY_GPU: "1",
      KSERVE_TS_DEPLOY_IMAGE: "",
    };
    expect(deployEnvironment(environment)).toEqual({
      target: "prod",
      place: { namespace: "ml", baseUrl: "http://ingress" },
      deploy: { gpu: 1 },
    });
  });

  it.each([
    ["KSERVE_TS_DEPLOY_REPLICAS", "two", 'expected a whole number, got "two"'],
    ["KSERVE_TS_DEPLOY_PREDICTOR", "keras", 'expected one of "custom"'],
    ["KSERVE_TS_DEPLOY_NAMESPACE", "ML", "expected a namespace of lower-case letters"],
  ])("%s=%s is refused under the variable's name", (variable, value, message) => {
    const problem = problemOf(() => deployEnvironment({ [variable]: value }));
    expect(problem.startsWith(`${variable}: ${message}`)).toBe(true);
  });
});
