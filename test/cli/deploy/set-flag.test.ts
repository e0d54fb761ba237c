import { describe, expect, it } from "vitest";
import { settingsOf } from "../../../cli/deploy/set-flag.ts";
import { parseDeploy } from "../../../deployer/config/parse.ts";

const set = (...pairs: readonly string[]) => settingsOf(pairs, parseDeploy);

describe("--set", () => {
  it.each([
    [["scaleTarget=70"], { scaleTarget: 70 }],
    [["deploy.scaleTarget=70"], { scaleTarget: 70 }],
    [["labels.version=1"], { labels: { version: "1" } }],
    [["annotations[example.com/team]=a=b"], { annotations: { "example.com/team": "a=b" } }],
    [['annotations["example.com/x"]=true'], { annotations: { "example.com/x": "true" } }],
    [["env.MODE=fast", "env.LEVEL=2"], { env: { MODE: "fast", LEVEL: 2 } }],
    [['args=["--a","b"]'], { args: ["--a", "b"] }],
    [
      ["resources.limits.cpu=2", "resources.limits.memory=1Gi"],
      { resources: { limits: { cpu: 2, memory: "1Gi" } } },
    ],
    [["name=a", "name=b"], { name: "b" }],
    [["model_name=a"], { name: "a" }],
  ])("%j", (pairs, settings) => {
    expect(set(...pairs)).toEqual(settings);
  });

  it("leaves the prototype of objects alone", () => {
    expect(() => set("__proto__.polluted=1")).toThrow('--set is "__proto__.polluted", expected path=value');
    expect(({} as { polluted?: unknown }).polluted).toBeUndefined();
  });
});
