import type { Tolerance } from "../../contract/answers/same-value.ts";
import { KtsError } from "../../contract/errors.ts";
import type { TestCall } from "../commands/test.ts";
import { projectExamples } from "../examples/project-examples.ts";
import type { Example } from "../examples/read-examples.ts";
import { checkOneServer, isStartedHere } from "../reach/reach-server.ts";
import type { ReachedServer } from "../reach/reached-server.ts";
import { withServer } from "../reach/with-server.ts";
import { writeNamedFile } from "../write-named-file.ts";
import { TestedModels } from "./model-facts.ts";
import { TEST_PROTOCOLS, USUAL_PROTOCOLS } from "./protocols.ts";
import { jsonReport } from "./report/json-report.ts";
import { tableReport } from "./report/table-report.ts";
import { type ExampleResult, type TestReport, hasFailed } from "./results.ts";
import { standardReport } from "./standard-model.ts";
import { type TestSettings, testExample } from "./test-example.ts";

/**
 * Tests a project's examples.
 * @throws KtsError KTS_USAGE when there is nothing to test, or an option says nothing; KTS_BUILD_INPUT for an example
 * that is none; what starting or reaching the server throws
 */
export async function runTest(call: TestCall): Promise<number> {
  const { options, terminal } = call;
  checkOneServer(call);
  const settings = settingsOf(call);
  const examples = await chosenExamples(call);
  const standard = isStartedHere(call) ? await standardReport(call, examples, settings) : undefined;
  const worked =
    standard === undefined
      ? await withServer(call, { grpc: settings.protocols.includes("grpc") }, (server) => {
          return testAll(server, examples, settings, call);
        })
      : { value: standard };
  if ("exitCode" in worked) return worked.exitCode;
  const report = worked.value;
  if (options.junit !== undefined) {
    const { junitReport } = await import("./report/junit-report.ts");
    await writeNamedFile("--junit", options.junit, junitReport(report));
  }
  if (options.output === "json") terminal.print(JSON.stringify(jsonReport(report), undefined, 2));
  else for (const line of tableReport(report, terminal)) terminal.print(line);
  return report.examples.some(hasFailed) ? 1 : 0;
}

async function testAll(
  place: ReachedServer,
  examples: readonly Example[],
  settings: TestSettings,
  { options, terminal }: TestCall,
): Promise<TestReport> {
  const start = performance.now();
  const models = new TestedModels(place);
  const results: ExampleResult[] = [];
  let left = examples.length;
  for (const example of examples) {
    terminal.status(`${examples.length - left + 1}/${examples.length} ${example.name}`);
    left--;
    const facts = await models.of(example);
    if (facts === undefined) continue;
    const result = await testExample(place, example, facts, settings);
    results.push(result);
    if (options.bail && hasFailed(result)) break;
  }
  terminal.status(undefined);
  if (results.length === 0) {
    throw new KtsError("KTS_USAGE", `no example is for the model ${place.modelName ?? ""}`, {
      hint: "Each lies in the folder of another model.",
    });
  }
  return {
    place: place.title,
    protocols: settings.protocols,
    examples: results,
    left,
    ms: performance.now() - start,
  };
}

/** @throws KtsError KTS_USAGE when there are none */
async function chosenExamples({
  arguments: { dir },
  options: { filter },
}: TestCall): Promise<readonly Example[]> {
  const examples = await projectExamples(dir);
  if (examples.length === 0) {
    throw new KtsError("KTS_USAGE", `${dir} has no examples`, {
      hint: 'Put requests into examples/NAME.json: {"instances": [...]} or {"inputs": [...]}.',
    });
  }
  const chosen = examples.filter(
    ({ name }) => filter.length === 0 || filter.some((part) => name.includes(part)),
  );
  if (chosen.length > 0) return chosen;
  throw new KtsError("KTS_USAGE", `no example has ${filter.join(" or ")} in its name`, {
    hint: `There are: ${examples.map(({ name }) => name).join(", ")}.`,
  });
}

/** @throws KtsError KTS_USAGE when an option means nothing */
function settingsOf({ options }: TestCall): TestSettings {
  const { protocol, update, differences, tolerance } = options;
  if (update && protocol.length > 0) {
    throw new KtsError("KTS_USAGE", "--update takes each answer over the example's own protocol", {
      hint: "Leave --protocol out.",
    });
  }
  const wanted = protocol.length === 0 ? USUAL_PROTOCOLS : protocol;
  return {
    protocols: TEST_PROTOCOLS.filter((one) => wanted.includes(one)),
    tolerance: readTolerance(tolerance),
    mostDifferences: differences,
    update,
  };
}

/** @throws KtsError KTS_USAGE when it is not one number or two */
function readTolerance(text: string): Tolerance {
  const parts = text.split(",").map((part) => (/^\s*[\d.]/.test(part) ? Number(part) : NaN));
  const [relative = NaN, absolute = relative] = parts;
  if (parts.length <= 2 && relative >= 0 && absolute >= 0) return { relative, absolute };
  throw new KtsError(
    "KTS_USAGE",
    `--tolerance is ${JSON.stringify(text)}, expected one number of 0 or more, or two`,
    {
      hint: "Such as 1e-3, or 1e-3,1e-6.",
    },
  );
}
