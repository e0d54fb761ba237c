/** What building an image of the digits example costs, and what it is: `node bench/images.ts`. Needs what test:builder needs. */
import { execFile, spawn } from "node:child_process";
import { appendFileSync, cpSync, mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { cpus, tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import type { DockerClient } from "../builder/docker/client.ts";
import { ProvenContainer } from "../builder/proof/container.ts";
import { BASE } from "../test/integration/docker/base-image.ts";
import { dockerAt } from "../test/integration/docker/engine.ts";
import { type Rig, startRig } from "../test/integration/docker/rig.ts";

const ROUNDS = 5;
const CLI = fileURLToPath(new URL("../dist/kserve-ts.js", import.meta.url));
const DIGITS = fileURLToPath(new URL("../examples/digits/", import.meta.url));
const RESULTS = fileURLToPath(new URL("./results/images.md", import.meta.url));
const ECHO = `export function predict(_model: unknown, instances: readonly number[]) {\n  return instances;\n}\n`;
const MEMORY_BYTES = 1 << 30;

/** What `build -o json` prints in the end. */
interface Built {
  readonly layers: readonly { readonly name: string; readonly bytes: number }[];
  readonly published?: { readonly sentBytes: number };
}

interface Timed extends Built {
  readonly seconds: number;
}

type Variables = Readonly<Record<string, string>>;

/** A row of the report; a target is what was set out to be reached. */
interface Row {
  readonly what: string;
  readonly value: string;
  readonly target: string;
}

const rig = await startRig();
if ("reason" in rig) {
  console.error(`Nothing was measured: ${rig.reason}.`);
  process.exit(1);
}
const folder = mkdtempSync(join(tmpdir(), "kserve-ts-images-"));
try {
  const rows = await measure(rig, folder);
  const report = toMarkdown(rows);
  console.log(report);
  writeFileSync(RESULTS, report);
} finally {
  rmSync(folder, { recursive: true, force: true });
  await rig.stop();
}

async function measure({ engine, openRegistry }: Rig, scratch: string): Promise<Row[]> {
  const rows: Row[] = [];
  const add = (what: string, value: string, target = "") => {
    console.error(`${what}: ${value}`);
    rows.push({ what, value, target });
  };
  const project = join(scratch, "digits");
  cpSync(DIGITS, project, { recursive: true });
  const { address } = openRegistry;
  const name = `${address}/bench/digits:1`;
  const variables = {
    DOCKER_HOST: engine.host,
    DOCKER_CONFIG: "/nonexistent",
    KSERVE_TS_CACHE_DIR: join(scratch, "cache"),
    npm_config_cache: join(scratch, "npm"),
  };
  const docker = ["--tag", name];

  const cold = await build(project, variables, docker);
  add("first build, npm's cache cold", secondsText([cold]), "< 60 s");
  rmSync(variables.KSERVE_TS_CACHE_DIR, { recursive: true });
  add(
    "first build, npm's cache warm",
    secondsText([await build(project, variables, [...docker, "--no-cache"])]),
    "< 60 s",
  );
  await build(project, variables, [...docker, "--push"]);
  // The daemonless engine takes its base from a registry.
  const base = await pushBase(engine.host, address);
  const oci = ["--engine", "oci", "--base", base, "--tag", `${address}/bench/oci:1`];
  await build(project, variables, [...oci, "--push"]);

  for (const [engineName, args] of [
    ["docker", docker],
    ["oci", oci],
  ] as const) {
    const again = await repeat(() => build(project, variables, args));
    add(`nothing has changed, ${engineName}`, secondsText(again), "< 2 s");
  }
  for (const [engineName, args] of [
    ["docker, proven", docker],
    ["docker, --proof=false", [...docker, "--proof=false"]],
    ["oci", oci],
  ] as const) {
    const changed = await repeat((round) => {
      // What a comment changes is not in the bundle.
      appendFileSync(
        join(project, "predictor.ts"),
        `\nObject(${JSON.stringify(`${engineName} ${round}`)}).toString();\n`,
      );
      return build(project, variables, [...args, "--push"]);
    });
    const sent = Math.max(...changed.map(({ published }) => published?.sentBytes ?? 0));
    add(
      `the code has changed, pushed, ${engineName}`,
      `${secondsText(changed)}, ${kilobytes(sent)} sent`,
      "< 5 s, < 200 kB",
    );
  }

  add("above the base, with ONNX", megabytes(ownBytes(cold)), "< 60 MB");
  const echo = join(scratch, "echo");
  mkdirSync(echo);
  writeFileSync(join(echo, "predictor.ts"), ECHO);
  add(
    "above the base, without an engine",
    megabytes(ownBytes(await build(echo, variables, ["--tag", `${address}/bench/echo:1`, "--proof=false"]))),
    "< 5 MB",
  );

  const starts = await coldStarts(project, scratch, name, dockerAt(engine.host) as DockerClient, variables);
  add("start to ready in a container", `${median(starts.map(({ inside }) => inside)).toFixed(0)} ms`);
  add(
    "start to ready of the same files outside",
    `${median(starts.map(({ outside }) => outside)).toFixed(0)} ms`,
  );
  const ratios = starts.map(({ inside, outside }) => inside / outside);
  add("the one over the other", `${median(ratios).toFixed(2)} x`, "< 1.5 x");
  return rows;
}

async function build(project: string, variables: Variables, args: readonly string[]): Promise<Timed> {
  const started = performance.now();
  const { stdout } = await promisify(execFile)(
    process.execPath,
    [CLI, "build", project, ...args, "-o", "json"],
    {
      env: { ...process.env, ...variables },
      maxBuffer: 64 << 20,
    },
  );
  const seconds = (performance.now() - started) / 1000;
  return { ...(JSON.parse(stdout.trim().split("\n").at(-1) ?? "") as Built), seconds };
}

/** @returns the name of the base in the registry */
async function pushBase(host: string, address: string): Promise<string> {
  const docker = dockerAt(host);
  const [repository = BASE, tag = "latest"] = BASE.split(":");
  await docker.getImage(BASE).tag({ repo: `${address}/library/${repository}`, tag });
  const name = `${address}/library/${BASE}`;
  const stream = await docker.getImage(name).push({ authconfig: {} });
  await new Promise((resolve) => docker.modem.followProgress(stream, resolve));
  return name;
}

/**
 * From the start of the process until it says that it is ready, in turn: in a container as in a cluster, by the engine's
 * clock; and outside, from the folders that `eject` writes.
 */
async function coldStarts(
  project: string,
  scratch: string,
  name: string,
  docker: DockerClient,
  variables: Variables,
): Promise<readonly { readonly inside: number; readonly outside: number }[]> {
  const context = join(scratch, "context");
  const root = join(scratch, "root");
  await promisify(execFile)(process.execPath, [CLI, "eject", project, "--to", context], {
    env: { ...process.env, ...variables },
  });
  for (const entry of readdirSync(context, { withFileTypes: true })) {
    if (entry.isDirectory()) cpSync(join(context, entry.name), root, { recursive: true });
  }
  await outsideMs(root);
  const starts = [];
  for (let round = 0; round < ROUNDS; round++) {
    starts.push({ outside: await outsideMs(root), inside: await insideMs(docker, name) });
  }
  return starts;
}

async function insideMs(docker: DockerClient, image: string): Promise<number> {
  await using container = await ProvenContainer.start(docker, { image, memoryBytes: MEMORY_BYTES });
  const ready = await container.saysReady;
  const { State: state } = await container.inspect();
  return ready.getTime() - Date.parse(state.StartedAt);
}

async function outsideMs(root: string): Promise<number> {
  const args = [
    "--enable-source-maps",
    join(root, "opt/kserve-ts/lib/kserve-ts.js"),
    "serve",
    join(root, "app"),
  ];
  const flags = ["--model-dir", join(root, "mnt/models"), "--http-port", "0", "--grpc-port", "0"];
  const cache = join(root, "opt/kserve-ts/cache");
  const started = performance.now();
  const child = spawn(process.execPath, [...args, ...flags], {
    env: {
      ...process.env,
      NODE_ENV: "production",
      NODE_COMPILE_CACHE: cache,
      NODE_COMPILE_CACHE_PORTABLE: "1",
    },
    stdio: ["ignore", "pipe", "pipe"],
  });
  const ended = new Promise((resolve) => child.once("exit", resolve));
  try {
    return await new Promise<number>((resolve, reject) => {
      let said = "";
      const take = (chunk: Buffer) => {
        said += chunk.toString();
        if (/ready after \d+ ms/.test(said)) resolve(performance.now() - started);
      };
      child.stdout.on("data", take);
      child.stderr.on("data", take);
      child.once("exit", () => reject(new Error(`the server ended: ${said}`)));
    });
  } finally {
    child.kill("SIGTERM");
    await ended;
  }
}

async function repeat(work: (round: number) => Promise<Timed>): Promise<readonly Timed[]> {
  const done: Timed[] = [];
  for (let round = 0; round < 3; round++) done.push(await work(round));
  return done;
}

function ownBytes({ layers }: Built): number {
  return layers.reduce((sum, { name, bytes }) => sum + (name === "base" ? 0 : bytes), 0);
}

function secondsText(builds: readonly Timed[]): string {
  return `${median(builds.map(({ seconds }) => seconds)).toFixed(1)} s`;
}

function kilobytes(bytes: number): string {
  return `${(bytes / 1000).toFixed(0)} kB`;
}

function megabytes(bytes: number): string {
  return `${(bytes / 1e6).toFixed(1)} MB`;
}

function median(values: readonly number[]): number {
  return values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)] ?? NaN;
}

function toMarkdown(rows: readonly Row[]): string {
  const date = new Date().toISOString().slice(0, 10);
  const machine = `${cpus().length} x ${cpus()[0]?.model ?? "unknown"}, Node ${process.versions.node}`;
  const lines = rows.map(({ what, value, target }) => `| ${what} | ${value} | ${target} |`);
  return [
    "# Images",
    "",
    `The digits example, the base present. Medians of 3 builds and ${ROUNDS} starts. ${date}, ${machine}.`,
    "",
    "| what | measured | wanted |",
    "| --- | --- | --- |",
    ...lines,
    "",
  ].join("\n");
}
