import { isKtsError } from "../../contract/errors.ts";
import { readConfig } from "../../runtime/config/read-config.ts";
import { findModels } from "../../runtime/models/find-models.ts";
import type { TestCall } from "../commands/test.ts";
import type { Example } from "../examples/read-examples.ts";
import { projectFolderOf } from "../project-folder.ts";
import { byteText } from "../terminal/byte-text.ts";
import { warn } from "../terminal/warn.ts";
import type { TestReport } from "./results.ts";
import type { TestSettings } from "./test-example.ts";

/**
 * Tests a project without code, whose model one of KServe's own runtimes serves: no server of it can be started here, but
 * the model and the settings are checked as `deploy` does. Its examples are not applicable, and say where they would be.
 * @returns undefined where the project is not of that kind
 * @throws KtsError what `deploy --dry-run` has against the model or the settings
 */
export async function standardReport(
  call: TestCall,
  examples: readonly Example[],
  { protocols }: TestSettings,
): Promise<TestReport | undefined> {
  const { env, terminal, options } = call;
  const folder = await projectFolderOf(call.arguments.dir);
  if (await isServable(folder)) return undefined;
  const start = performance.now();
  const { readDeployment } = await import("../deploy/read-deployment.ts");
  const { deployment } = await readDeployment({ options, env, folder });
  const { predictor, name } = deployment.settings;
  if (predictor === "custom") return undefined;
  const [{ prepareDeployment }, { SHIPPED_FACTS }] = await Promise.all([
    import("../../deployer/steps/prepare.ts"),
    import("../../deployer/steps/plan.ts"),
  ]);
  const { namespace = "default" } = deployment.target;
  const prepared = await prepareDeployment({ deployment, namespace, facts: SHIPPED_FACTS });
  for (const warning of prepared.warnings) warn(terminal, warning);
  const { packaged } = prepared;
  const what = packaged === undefined ? "in place" : `${byteText(packaged.sizeBytes)} to upload`;
  const reason = `KServe's runtime for ${predictor} serves it; kserve-ts test --target ${deployment.target.target ?? "NAME"} asks it there`;
  return {
    place: `${name} can be deployed (${predictor}, ${what}), and is not asked here`,
    protocols,
    examples: examples.map((example) => ({
      name: example.name,
      model: name,
      protocol: example.protocol,
      expected: example.expected === undefined ? "none" : "given",
      change: undefined,
      outcomes: new Map(protocols.map((protocol) => [protocol, { kind: "not-applicable", reason }])),
    })),
    left: 0,
    ms: performance.now() - start,
  };
}

/** Whether our own server has something to serve: a predictor, or a model that an engine runs. */
async function isServable(folder: string): Promise<boolean> {
  const { server } = await readConfig(folder);
  const modelDir = server?.modelDir;
  try {
    await findModels(folder, { mountedDir: "", ...(modelDir !== undefined && { modelDir }) });
    return true;
  } catch (error) {
    // Anything else that is wrong is for the server to say.
    return !(isKtsError(error) && error.code === "KTS_PREDICTOR_NOT_FOUND");
  }
}
