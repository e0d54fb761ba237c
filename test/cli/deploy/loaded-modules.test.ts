import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { ROOT, folderWith, runCli } from "../run-cli.ts";

/** Packages that take long to load. */
const HEAVY = [
  "esbuild",
  "dockerode",
  "@aws-sdk",
  "@google-cloud",
  "@azure",
  "zod",
  "express",
  "pino",
  "yaml",
];

/** Writes the URL of every module that is loaded to stderr. */
const HOOKS = `
import { registerHooks } from "node:module";
import { writeSync } from "node:fs";
registerHooks({ load(url, context, next) { writeSync(2, "loaded " + url + "\\n"); return next(url, context); } });`;

async function loadedBy(args: readonly string[]): Promise<readonly string[]> {
  await using folder = await folderWith({});
  const hooks = join(folder.path, "hooks.mjs");
  await writeFile(hooks, HOOKS);
  const program = [process.execPath, "--import", hooks, join(ROOT, "cli/main.ts")] as const;
  const env = { KUBECONFIG: join(folder.path, "none") };
  const { stderr } = await runCli(args, {
    program: program as unknown as [string, string],
    env,
    cwd: folder.path,
  });
  return [...stderr.matchAll(/^loaded (\S+)$/gm)].map(([, url = ""]) => url);
}

function heavyIn(urls: readonly string[]): readonly string[] {
  const found = HEAVY.filter((name) => urls.some((url) => url.includes(`/node_modules/${name}/`)));
  const folders = ["deployer/cluster/", "deployer/storage/", "builder/docker/", "runtime/http/"];
  return [...found, ...folders.filter((folder) => urls.some((url) => url.includes(`${ROOT}${folder}`)))];
}

describe("what is loaded", () => {
  it("by --help is nothing heavy", async () => {
    const urls = await loadedBy(["--help"]);
    expect(urls.length).toBeGreaterThan(10);
    expect(heavyIn(urls)).toEqual([]);
    expect(heavyIn(await loadedBy(["deploy", "--help"]))).toEqual([]);
  });

  it("by a deploy of an image is the cluster's client, and no engine, bundler or cloud's SDK", async () => {
    const urls = await loadedBy(["deploy", "--name", "m", "--image", "localhost/m:1"]);
    const heavy = heavyIn(urls);
    expect(heavy).toContain("deployer/cluster/");
    for (const name of [
      "esbuild",
      "dockerode",
      "@aws-sdk",
      "@google-cloud",
      "@azure",
      "express",
      "pino",
      "builder/docker/",
    ]) {
      expect(heavy).not.toContain(name);
    }
  });
});
