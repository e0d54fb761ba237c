import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect, it } from "vitest";
import { createDockerEngine } from "../../../builder/docker/index.ts";
import { dockerAt } from "../docker/engine.ts";
import { describeWithRig } from "../docker/with-rig.ts";
import { recordedWork, smallPlan } from "./small-plan.ts";

describeWithRig("a build with Docker", ({ dockerHost }) => {
  const docker = dockerAt(dockerHost);
  const env = { ...process.env, DOCKER_HOST: dockerHost };
  const engine = createDockerEngine({ env });
  const tag = (name: string) => `kserve-ts-test/${name}:${process.pid}`;
  const used = ["layers", "again", "labels", "buildkit", "bigger", "rebuilt"].map(tag);
  afterAll(async () => {
    for (const name of used) {
      await docker
        .getImage(name)
        .remove({ force: true })
        .catch(() => undefined);
    }
  });

  const plan = smallPlan(
    {
      model: { "/mnt/models/model.onnx": Buffer.alloc(300_000, 7) },
      predictor: { "/app/predictor.js": "console.log(process.env.GREETING)" },
    },
    { labels: { "io.kserve-ts.signature": '{"inputs":[{"name":"a \\"quoted\\" $HOME"}]}' } },
  );

  it("lays the plan's files as layers, owned by root, with the plan's settings", async () => {
    const work = recordedWork();
    const image = await engine.build(plan, tag("layers"), work);
    const info = await docker.getImage(tag("layers")).inspect();
    expect(image).toMatchObject({ reference: tag("layers"), id: info.Id, unchanged: false });
    expect(image.layers.map(({ name }) => name)).toEqual([undefined, "model", "predictor"]);
    expect(image.layers.at(1)?.bytes).toBe(300_000);
    expect(image.labels["io.kserve-ts.signature"]).toBe('{"inputs":[{"name":"a \\"quoted\\" $HOME"}]}');
    expect(info.Config).toMatchObject({
      User: "65532:65532",
      WorkingDir: "/app",
      Entrypoint: ["node", "/app/predictor.js"],
    });
    const show = `const fs=require("fs");for(const f of ["/mnt/models/model.onnx","/app/predictor.js"]){const s=fs.statSync(f);console.log([f,s.uid,s.gid,(s.mode&0o777).toString(8),s.mtimeMs].join(' '))}`;
    const container = await docker.createContainer({
      Image: tag("layers"),
      Entrypoint: ["node", "-e", show],
      Tty: true,
    });
    try {
      await container.start();
      await container.wait();
      const lines = String(await container.logs({ stdout: true })).replaceAll("\r", "");
      expect(lines).toContain("/mnt/models/model.onnx 0 0 644 0");
      expect(lines).toContain("/app/predictor.js 0 0 644 0");
    } finally {
      await container.remove({ force: true });
    }
    const steps = work.events.flatMap((event) => (event.kind === "step" ? [event.step] : []));
    expect(steps).toContain(`FROM ${plan.base}`);
    const sent = work.events.findLast((event) => event.kind === "transfer" && event.what === "context");
    expect(sent).toMatchObject({ doneBytes: 300_033, totalBytes: 300_033 });
  });

  it("does nothing the second time: no context is sent", async () => {
    const first = await engine.build(plan, tag("again"), recordedWork());
    const work = recordedWork();
    const second = await engine.build(plan, tag("again"), work);
    expect(second).toEqual({ ...first, unchanged: true });
    expect(work.events).toEqual([
      { kind: "unchanged", step: "model" },
      { kind: "unchanged", step: "predictor" },
    ]);
  });

  it("takes the layers that did not change from the build before", async () => {
    const files = (code: string) => ({
      model: { "/mnt/models/m": "weights" },
      predictor: { "/app/predictor.js": code },
    });
    await engine.build(smallPlan(files("1")), tag("rebuilt"), recordedWork());
    const before = (await docker.getImage(tag("rebuilt")).inspect()).RootFS.Layers ?? [];
    const work = recordedWork();
    await engine.build(smallPlan(files("2")), tag("rebuilt"), work);
    const after = (await docker.getImage(tag("rebuilt")).inspect()).RootFS.Layers ?? [];
    expect(after.slice(0, -1)).toEqual(before.slice(0, -1));
    expect(after.at(-1)).not.toBe(before.at(-1));
    expect(work.events.filter(({ kind }) => kind === "unchanged").length).toBeGreaterThan(0);
  });

  it("adds labels and keeps layers, settings and the name", async () => {
    const image = await engine.build(plan, tag("labels"), recordedWork());
    const proof = JSON.stringify({ coldStartMs: 300, text: 'a "b" $c \\ d' });
    const labelled = await engine.label(image, { "io.kserve-ts.proof": proof }, recordedWork());
    const info = await docker.getImage(tag("labels")).inspect();
    expect(info.Id).toBe(labelled.id);
    expect(info.Config.Labels).toEqual({ ...image.labels, "io.kserve-ts.proof": proof });
    expect(info.RootFS.Layers).toEqual((await docker.getImage(image.id).inspect()).RootFS.Layers);
    expect((await engine.build(plan, tag("labels"), recordedWork())).unchanged).toBe(true);
  });

  it("streams files from the disk", async () => {
    const folder = await mkdtemp(join(tmpdir(), "kserve-ts-context-"));
    try {
      const path = join(folder, "model");
      await writeFile(path, Buffer.alloc(20_000_000, 1));
      const source = { kind: "file" as const, path, bytes: 20_000_000 };
      const layer = {
        name: "model" as const,
        files: [{ path: "/mnt/models/model", source, executable: false }],
        bytes: 20_000_000,
        hash: "sha256:big",
      };
      const image = await engine.build(smallPlan({}, { layers: [layer] }), tag("bigger"), recordedWork());
      expect(image.layers.at(-1)).toEqual({ name: "model", bytes: 20_000_000 });
    } finally {
      await rm(folder, { recursive: true });
    }
  });

  it("builds with BuildKit as well, where the engine has it", async () => {
    const work = recordedWork();
    const buildKit = createDockerEngine({ env, builder: "buildkit", noCache: true });
    const image = await buildKit.build(plan, tag("buildkit"), work);
    expect(image.layers.map(({ name }) => name)).toEqual([undefined, "model", "predictor"]);
    expect(image.labels).toMatchObject(plan.image.labels);
    const steps = work.events.flatMap((event) => (event.kind === "step" ? [event.step] : []));
    expect(steps).toContain("COPY [model/, /]");
    expect(work.events).toContainEqual(
      expect.objectContaining({ step: "COPY [model/, /]", index: 3, count: 4 }),
    );
  });
});
