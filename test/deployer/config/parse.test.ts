import { describe, expect, it } from "vitest";
import { parseDeployFile } from "../../../deployer/config/parse.ts";
import { deployProblem, problemOf } from "../problem-of.ts";

describe("the deployer's sections of a config file", () => {
  it("are empty where there are none", () => {
    expect(parseDeployFile({ server: { workers: 2 } }, "kserve.config.ts")).toEqual({
      deploy: {},
      targets: {},
    });
  });

  it.each(["deply", "target", "Targets"])("are not called %s", (name) => {
    expect(problemOf(() => parseDeployFile({ [name]: {} }, "file"))).toMatch(
      /means nothing here; did you mean/,
    );
  });

  it("leave other parts' sections to them", () => {
    const others = { server: 1, model: 2, models: 3, build: 4 };
    expect(problemOf(() => parseDeployFile(others, "file"))).toBe("");
  });

  it("leave out members with nothing in them", () => {
    const { deploy } = parseDeployFile({ deploy: { name: "digits", image: undefined } }, "kserve.config.ts");
    expect(Object.keys(deploy)).toEqual(["name"]);
  });

  it.each([
    [{ nmae: "x" }, "deploy.nmae means nothing here; did you mean name?"],
    [{ min_replicas: 1 }, "deploy.min_replicas means nothing here; did you mean minReplicas?"],
    [
      { timeout: 30 },
      "deploy.timeout means nothing here; did you mean timeoutSeconds (a request's) or waitTimeoutSeconds (the deployment's)?",
    ],
    [
      { resources: { cpu: "1" } },
      "deploy.resources.cpu means nothing here; did you mean requests: { cpu } or limits: { cpu }?",
    ],
    [
      { name: "My_Model" },
      'deploy.name: expected a name of lower-case letters, digits and -, with a letter first and no - last, such as "my-model", got the string "My_Model"',
    ],
    [{ minReplicas: "2" }, 'deploy.minReplicas: expected a number, got the string "2"'],
    [{ minReplicas: -1 }, "deploy.minReplicas: expected a number of at least 0, got the number -1"],
    [{ minReplicas: 1.5 }, "deploy.minReplicas: expected a whole number, got the number 1.5"],
    [
      { predictor: "keras" },
      /^deploy\.predictor: expected one of "custom", "tensorflow", .*, got the string "keras"$/,
    ],
    [
      { resources: { requests: { memory: "500m" } } },
      'deploy.resources.requests.memory: expected an amount of bytes such as "500Mi" ("500m" is 0.5 bytes: m is a thousandth), got the string "500m"',
    ],
    [
      { resources: { limits: { memory: "2GB" } } },
      'deploy.resources.limits.memory: expected a quantity: write "2Gi", got the string "2GB"',
    ],
    [
      { resources: { requests: { cpu: 2 }, limits: { cpu: "500m" } } },
      "deploy.resources.requests.cpu: expected at most the limit, 500m, got the number 2",
    ],
    [
      { image: "https://registry.example.com/digits:1" },
      'deploy.image: expected an image without https://, got the string "https://registry.example.com/digits:1"',
    ],
    [
      { model: "gcs://bucket/model" },
      'deploy.model: expected a URI of gs:// (gcs:// is not known to KServe), got the string "gcs://bucket/model"',
    ],
    [{ model: { uri: 1 } }, "deploy.model.uri: expected a text, got the number 1"],
    [{ model: { url: "s3://a/b" } }, "deploy.model.url means nothing here; did you mean uri?"],
    [{ env: { PYTHONPATH: "/x" } }, /^deploy\.env\.PYTHONPATH: expected no PYTHONPATH/],
    [
      { env: { TOKEN: { secrt: "a", key: "b" } } },
      /^deploy\.env\.TOKEN: expected a text, or \{ secret, key \}/,
    ],
    [{ labels: { "a b": "c" } }, /^deploy\.labels\["a b"\]: expected a key of letters/],
    [{ logger: { url: "events:9000" } }, /^deploy\.logger\.url: expected a URL such as http:\/\/host/],
    [
      { logger: { url: "http://a", mode: "some" } },
      /^deploy\.logger\.mode: expected one of "all", "request"/,
    ],
    [{ tolerations: [{ effect: "NoWay" }] }, /^deploy\.tolerations\[0\]\.effect: expected one of/],
    [
      { canary: { trafficPercent: 120 } },
      "deploy.canary.trafficPercent: expected a number of at most 100, got the number 120",
    ],
    [[], "deploy: expected an object, got an array of 0"],
  ])("%j is refused", (deploy, message) => {
    const problem = deployProblem(deploy);
    if (typeof message === "string") expect(problem).toBe(message);
    else expect(problem).toMatch(message);
  });

  it("are refused with a line for each thing that is wrong", () => {
    const file = {
      deploy: { name: "A", minReplicas: "1" },
      targets: { prod: { namespace: "ML", store: "ftp://x" } },
    };
    const lines = problemOf(() => parseDeployFile(file, "kserve.config.json")).split("\n");
    expect(lines.map((line) => line.split(": ").slice(0, 2).join(" "))).toEqual([
      "kserve.config.json deploy.minReplicas",
      "kserve.config.json deploy.name",
      "kserve.config.json targets.prod.namespace",
      "kserve.config.json targets.prod.store",
    ]);
  });

  it("never show a credential's value", () => {
    const value = "swordfish-8271";
    for (const secret of [
      { aws_secret_key: value },
      { hf_token: [value] },
      { s3_endpoint: { value } },
      value + "!",
    ]) {
      const problem = deployProblem({ secret });
      expect(problem).toMatch(/^deploy\.secret/);
      expect(problem).not.toContain(value);
    }
  });

  it("suggest a key of a credential that is near", () => {
    expect(deployProblem({ secret: { aws_secret_acess_key: "x" } })).toMatch(
      /did you mean aws_secret_access_key\?/,
    );
    expect(deployProblem({ secret: { aws_session_token: "x" } })).toMatch(/use long-lived keys/);
  });
});
