import { stringify } from "yaml";
import { checkDeployment } from "../../deployer/config/layers.ts";
import { type ObjectDiff, diffManifests } from "../../deployer/steps/diff.ts";
import { liveService, prepareDeployment } from "../../deployer/steps/prepare.ts";
import { cancellable } from "../build/cancellable.ts";
import type { DiffVerbOptions } from "../commands/diff.ts";
import type { Terminal } from "../terminal/terminal.ts";
import type { Environment } from "../verb.ts";
import { wordLayers } from "./deploy-words.ts";
import { imageFor } from "./image-for.ts";
import { openTarget } from "./open-target.ts";
import { unifiedDiff } from "./unified-diff.ts";
import { warn } from "../terminal/warn.ts";

/** What `diff` is called with. */
export interface DiffCall {
  readonly arguments: { readonly dir: string };
  readonly options: DiffVerbOptions;
  readonly env: Environment;
  readonly terminal: Terminal;
}

/** Exit codes, as diff has them. */
const SAME = 0;
const DIFFERENT = 1;

/** `kserve-ts diff`: what `deploy` would change, as a unified diff of YAML. */
export async function runDiff({ arguments: { dir }, options, env, terminal }: DiffCall): Promise<number> {
  return cancellable(async (signal) => {
    const words = await wordLayers(options);
    await using target = await openTarget({ options, env, folder: dir, ...words });
    const { deployment, cluster, namespace } = target;
    if (target.hasService) checkDeployment(deployment);
    const noBuild = {
      build: false,
      tag: undefined,
      base: undefined,
      engine: "docker",
      registryUser: undefined,
      passwordStdin: false,
    } as const;
    const [facts, live, image] = await Promise.all([
      target.facts(signal),
      liveService(cluster, deployment.settings.name, signal),
      imageFor(target, {
        dir,
        options: { ...noBuild, insecureRegistry: options.insecureRegistry },
        env,
        terminal: { ...terminal, hasStatus: false },
        signal,
      }),
    ]);
    if (image?.warning !== undefined) warn(terminal, image.warning);
    const prepared = await prepareDeployment({
      deployment,
      namespace,
      facts,
      live,
      image: image?.image,
      hasService: target.hasService,
      signal,
    });
    const diffs = await diffManifests(cluster, [...prepared.manifests, ...prepared.graphs], signal);
    let isDifferent = false;
    for (const diff of diffs) {
      const lines = diffLines(diff);
      if (lines.length === 0) continue;
      isDifferent = true;
      for (const line of lines) terminal.print(painted(line, terminal));
    }
    return isDifferent ? DIFFERENT : SAME;
  });
}

/** A unified diff with the file names that `patch` and people know. */
function diffLines({ kind, name, namespace, live, merged }: ObjectDiff): readonly string[] {
  const lines = unifiedDiff(yamlOf(live), yamlOf(merged));
  if (lines.length === 0) return [];
  const what = `${namespace}/${kind}/${name}`;
  return [live === undefined ? "--- /dev/null" : `--- live/${what}`, `+++ deploy/${what}`, ...lines];
}

function yamlOf(value: unknown): string {
  if (value === undefined) return "";
  return stringify(value, { lineWidth: 0, aliasDuplicateObjects: false, sortMapEntries: true });
}

function painted(line: string, { style }: Terminal): string {
  if (/^(---|\+\+\+) /.test(line)) return style("bold", line);
  if (line.startsWith("@@")) return style("cyan", line);
  if (line.startsWith("-")) return style("red", line);
  return line.startsWith("+") ? style("green", line) : line;
}
