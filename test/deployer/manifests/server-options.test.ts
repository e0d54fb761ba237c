import { expect, it } from "vitest";
import { render } from "../../../deployer/manifests/render.ts";
import { SERVER_OPTIONS } from "../../../runtime/option-table.ts";
import { environmentName } from "../../../runtime/option-values.ts";
import { KINDS, planOf } from "../plans.ts";

interface ServerPod {
  readonly containers: readonly {
    readonly env: readonly { readonly name: string; readonly value: string }[];
  }[];
}

it("sets options of the server by variables that the server reads", () => {
  const deploy = { ...KINDS.custom, model: "s3://models/digits", protocolVersion: "v2" } as const;
  const [service] = render(planOf({ ...deploy, transformer: { image: "prepare:1" } }));
  const { predictor, transformer } = service?.["spec"] as { predictor: ServerPod; transformer: ServerPod };
  const set = [predictor, transformer].flatMap(({ containers }) => containers[0]?.env ?? []);
  const ours = set.map(({ name }) => name).filter((name) => name.startsWith("KSERVE_TS_"));
  const known = SERVER_OPTIONS.map(({ flag }) => environmentName(flag));
  expect(ours.length).toBeGreaterThan(4);
  expect(ours.filter((name) => !known.includes(name))).toEqual([]);
});
