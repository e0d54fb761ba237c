import { createWriteStream } from "node:fs";
import { cp, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pipeline } from "node:stream/promises";
import { ROOT, runCli } from "../cli/run-cli.ts";
import { dockerAt } from "../integration/docker/engine.ts";
import { startRig } from "../integration/docker/rig.ts";

/** Images of ours by their names in the node, as `kserve-ts build` makes them with a Docker engine. */
export const CUSTOM_IMAGES = {
  /** examples/digits. */
  digits: "localhost/e2e/digits:1",
  /** The same with another predictor: its digits are by 100 larger. */
  changed: "localhost/e2e/digits:2",
  /** The model of examples/digits alone: ten logits an image. */
  logits: "localhost/e2e/logits:1",
  /** examples/transformer. */
  transformer: "localhost/e2e/transformer:1",
} as const;

/** A line of examples/digits/predictor.ts, and what it becomes in `changed`. */
const CHANGE = [
  "digits.push(ten.indexOf(Math.max(...ten)))",
  "digits.push(100 + ten.indexOf(Math.max(...ten)))",
] as const;

/** Builds the images with the engine that is there, or one that is started for it, and loads them into the node. */
export async function loadCustomImages(
  names: readonly (keyof typeof CUSTOM_IMAGES)[],
  loadImage: (archivePath: string) => Promise<void>,
): Promise<void> {
  const rig = await startRig();
  if ("reason" in rig) throw new Error(`no Docker engine: ${rig.reason}`);
  // Beside the examples, as they import from our sources.
  const folder = await mkdtemp(join(tmpdir(), "kserve-ts-e2e-images-"));
  const changed = await mkdtemp(join(ROOT, "examples/.changed-"));
  try {
    await cp(join(ROOT, "examples/digits"), changed, { recursive: true });
    const predictor = await readFile(join(changed, "predictor.ts"), "utf8");
    if (!predictor.includes(CHANGE[0])) throw new Error("examples/digits/predictor.ts has another line now");
    await writeFile(join(changed, "predictor.ts"), predictor.replace(...CHANGE));
    const sources = {
      digits: join(ROOT, "examples/digits"),
      changed,
      logits: join(ROOT, "examples/digits/model/model.onnx"),
      transformer: join(ROOT, "examples/transformer"),
    };
    const env = {
      ...npmEnv(),
      DOCKER_HOST: rig.engine.host,
      DOCKER_CONFIG: folder,
      KSERVE_TS_CACHE_DIR: join(folder, "cache"),
    };
    const docker = dockerAt(rig.engine.host);
    for (const name of names) {
      const args = ["build", sources[name], "--tag", CUSTOM_IMAGES[name], "--name", "digits"];
      // What it answers is what the tests see in the cluster.
      const built = await runCli([...args, "--no-proof"], { env });
      if (built.exitCode !== 0)
        throw new Error(`kserve-ts build ended with ${built.exitCode}:\n${built.stderr}`);
      const archive = join(folder, `${name}.tar`);
      await pipeline(await docker.getImage(CUSTOM_IMAGES[name]).get(), createWriteStream(archive));
      await loadImage(archive);
      await rm(archive);
    }
  } finally {
    await rig.stop();
    await rm(folder, { recursive: true, force: true });
    await rm(changed, { recursive: true, force: true });
  }
}

/** What npm needs of this machine's settings to reach its registry. */
export function npmEnv(): Record<string, string> {
  const wanted = /^(?:npm_config_.*|node_extra_ca_certs|https?_proxy|no_proxy)$/i;
  const entries = Object.entries(process.env).filter(([name]) => wanted.test(name));
  return Object.fromEntries(entries.map(([name, value = ""]) => [name, value]));
}
