import { cp, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Readable } from "node:stream";
import { afterAll, beforeAll, expect, it } from "vitest";
import { connectEngine } from "../../../builder/docker/client.ts";
import { dockerConfigCredentials } from "../../../builder/registry/docker-config.ts";
import { proveImage } from "../../../builder/proof/index.ts";
import { attached } from "../../../builder/registry/referrers.ts";
import { parseReference } from "../../../builder/registry/reference.ts";
import { RegistryClient } from "../../../builder/registry/registry-client.ts";
import { Cli, ROOT, runCli } from "../../cli/run-cli.ts";
import { BASE } from "../docker/base-image.ts";
import { dockerAt } from "../docker/engine.ts";
import { REGISTRY_USER } from "../docker/registry.ts";
import { describeWithRig } from "../docker/with-rig.ts";
import { recordedWork } from "./small-plan.ts";

const DIGITS = join(ROOT, "examples/digits");
const SBOM = "application/vnd.cyclonedx+json";

interface Result {
  readonly id: string;
  readonly layers: readonly { readonly name: string; readonly bytes: number }[];
  readonly labels: Readonly<Record<string, string>>;
  readonly published: { readonly reference: string; readonly digest: string };
  readonly warnings: readonly string[];
}

/** What npm needs of this machine's settings to reach its registry. */
function npmEnv(): Record<string, string> {
  const wanted = /^(?:npm_config_.*|node_extra_ca_certs|https?_proxy|no_proxy)$/i;
  const entries = Object.entries(process.env).filter(([name]) => wanted.test(name));
  return Object.fromEntries(entries.map(([name, value = ""]) => [name, value]));
}

const resultOf = (stdout: string) => JSON.parse(stdout.trimEnd().split("\n").at(-1) ?? "") as Result;

describeWithRig("kserve-ts build, from the command line to a registry", (rig) => {
  const { dockerHost, openRegistry, authRegistry } = rig;
  const docker = dockerAt(dockerHost);
  const { signal } = new AbortController();
  const login = JSON.stringify({
    auths: { [authRegistry]: { auth: btoa(`${REGISTRY_USER.user}:${REGISTRY_USER.password}`) } },
  });
  const base = `${openRegistry}/bases/node:24`;
  let folder: string;
  let env: Record<string, string>;
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), "kserve-ts-build-verb-"));
    env = {
      ...npmEnv(),
      DOCKER_HOST: dockerHost,
      DOCKER_CONFIG: folder,
      KSERVE_TS_CACHE_DIR: join(folder, "cache"),
    };
    await docker.getImage(BASE).tag({ repo: `${openRegistry}/bases/node`, tag: "24" });
    await followed(await docker.getImage(base).push({ authconfig: {} }));
  });
  afterAll(() => rm(folder, { recursive: true, force: true }));

  async function followed(stream: NodeJS.ReadableStream): Promise<void> {
    for await (const chunk of stream as Readable) {
      expect(String(chunk)).not.toContain('"error"');
    }
  }

  const build = (args: readonly string[], more: { env?: Record<string, string>; input?: string } = {}) =>
    runCli(["build", DIGITS, "-o", "json", ...args], { ...more, env: { ...env, ...more.env } });

  async function digitOfSeven(image: string): Promise<void> {
    const text = await readFile(join(DIGITS, "examples/seven.json"), "utf8");
    const example = { name: "examples/seven.json", protocol: "v1", text, expected: [7] } as const;
    const { docker: client } = await connectEngine(env, signal);
    const info = await docker.getImage(image).inspect();
    const work = { ...recordedWork(), examples: [example] };
    const { examples } = await proveImage(client, { id: info.Id, reference: image }, work);
    expect(examples).toMatchObject([{ isExpected: true }]);
  }

  async function sbomsOf(reference: string, client = new RegistryClient()): Promise<number> {
    const { registry, repository, digest = "" } = parseReference(reference);
    return (await attached(client, { registry, repository }, digest, SBOM, signal)).length;
  }

  it("without Docker: laid, pushed, pulled by a real engine, and it answers 7", async () => {
    const tag = `${openRegistry}/verb/digits:oci`;
    const { stdout, stderr, exitCode } = await build([
      "-t",
      tag,
      "--base",
      base,
      "--engine",
      "oci",
      "--push",
    ]);
    expect({ stderr, exitCode }).toEqual({ stderr: "", exitCode: 0 });
    const { published, id, labels } = resultOf(stdout);
    expect(labels["io.kserve-ts.sbom"]).toMatch(/^sha256:/);
    expect(await sbomsOf(published.reference)).toBe(1);
    await followed(await docker.pull(published.reference));
    expect((await docker.getImage(published.reference).inspect()).Id).toBe(id);
    await digitOfSeven(published.reference);
  });

  it("without Docker: an archive that docker load takes", async () => {
    const tag = `${openRegistry}/verb/digits:archive`;
    const archive = join(folder, "digits.tar");
    const { exitCode } = await build(["-t", tag, "--base", base, "--engine", "oci", "--archive", archive]);
    expect(exitCode).toBe(0);
    await followed(await docker.loadImage(archive));
    await digitOfSeven(tag);
  });

  it("without Docker: to a registry that asks who it is, as docker login says or as stdin does", async () => {
    const tag = `${authRegistry}/verb/digits:oci`;
    const args = ["-t", tag, "--base", base, "--engine", "oci", "--push"];
    const refused = await build(args);
    expect(refused.stderr).toContain("UNAUTHORIZED");
    expect(refused.exitCode).toBe(9);
    const known = await build(args, { env: { DOCKER_AUTH_CONFIG: login } });
    expect(known.exitCode).toBe(0);
    // The wrong password of the configuration is not looked at where there is one on stdin.
    const wrong = login.replace(/"auth":"[^"]+"/, `"auth":"${btoa("builder:wrong")}"`);
    const user = [...args, "--registry-user", REGISTRY_USER.user, "--password-stdin"];
    const told = await build(user, {
      env: { DOCKER_AUTH_CONFIG: wrong },
      input: `${REGISTRY_USER.password}\n`,
    });
    expect(told.exitCode).toBe(0);
    expect(resultOf(told.stdout).published.digest).toBe(resultOf(known.stdout).published.digest);
  });

  it("with Docker: proven, pushed with the password of stdin, and its list of dependencies attached", async () => {
    const tag = `${authRegistry}/verb/digits:docker`;
    const args = ["-t", tag, "--push", "--registry-user", REGISTRY_USER.user, "--password-stdin"];
    const { stdout, exitCode } = await build(args, { input: REGISTRY_USER.password });
    expect(exitCode).toBe(0);
    const { published, labels, warnings } = resultOf(stdout);
    expect(warnings).toEqual([]);
    expect(JSON.parse(labels["io.kserve-ts.signature"] ?? "")).toMatchObject({
      outputs: [{ name: "digit" }],
    });
    expect(labels["io.kserve-ts.node-version"]).toMatch(/^24\./);
    const credentialsFor = dockerConfigCredentials({ DOCKER_AUTH_CONFIG: login });
    expect(await sbomsOf(published.reference, new RegistryClient({ credentialsFor }))).toBe(1);
    const words = ["inspect", tag, "--local=false", "-o", "json", ...args.slice(3)];
    const facts = await runCli(words, { env, input: REGISTRY_USER.password });
    expect(JSON.parse(facts.stdout)).toMatchObject({ digest: published.digest });
  });

  it("with Docker: a base that has this server gets no second one", async () => {
    const own = "kserve-ts-test/own-base:1";
    const context = join(folder, "own-base");
    for (const path of ["Dockerfile", "dist/image"]) {
      await cp(join(ROOT, path), join(context, path), { recursive: true });
    }
    await followed(await docker.buildImage({ context, src: ["Dockerfile", "dist"] }, { t: own }));
    const tag = "kserve-ts-test/on-own-base:1";
    const { stdout, exitCode } = await build(["-t", tag, "--base", own]);
    expect(exitCode).toBe(0);
    const names = resultOf(stdout).layers.map(({ name }) => name);
    expect(names.filter((name) => name !== "base")).toEqual(["dependencies", "model", "predictor", "config"]);
  });

  it("with Docker: a signature that is not the model file's fails the proof, and says what differs", async () => {
    const wrong = join(folder, "wrong");
    await cp(join(DIGITS, "model"), join(wrong, "model"), { recursive: true });
    await writeFile(
      join(wrong, "predictor.mjs"),
      'export const inputs = [{ name: "image", datatype: "FP32", shape: [-1, 784] }];',
    );
    const words = ["build", wrong, "-t", "kserve-ts-test/wrong:1"];
    const { stderr, exitCode } = await runCli(words, { env });
    expect(stderr).toContain("image is declared, but the model has none of that name");
    expect(stderr).toContain("pixels (FP32) of the model is not declared");
    expect(exitCode).toBe(8);
  });

  it("with Docker: Ctrl-C ends the build with 130, and nothing runs on", async () => {
    const words = ["build", DIGITS, "-t", "kserve-ts-test/cancelled:1", "--no-cache"];
    const running = async () => (await docker.listContainers()).map(({ Id }) => Id);
    const before = await running();
    await using cli = new Cli(words, { env });
    await cli.until("stderr", /\] RUN /);
    cli.signal("SIGINT");
    expect((await cli.ended).exitCode).toBe(130);
    const left = async () => (await running()).filter((id) => !before.includes(id));
    await expect.poll(left, { timeout: 20_000 }).toEqual([]);
    await expect(docker.getImage("kserve-ts-test/cancelled:1").inspect()).rejects.toThrow("no such image");
  });
});
