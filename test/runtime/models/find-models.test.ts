import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, expect, it } from "vitest";
import { findModels } from "../../../runtime/models/find-models.ts";

const startedIn = process.cwd();
const roots: string[] = [];
afterEach(async () => {
  process.chdir(startedIn);
  for (const root of roots.splice(0)) await rm(root, { recursive: true, force: true });
});

it("finds nothing in the folder that the process is in, where nothing is mounted", async () => {
  const root = await mkdtemp(join(tmpdir(), "kserve-ts-find-"));
  roots.push(root);
  await mkdir(join(root, "here"));
  await mkdir(join(root, "empty"));
  await writeFile(join(root, "here/predictor.mjs"), "export const predict = () => [];");
  process.chdir(join(root, "here"));
  await expect(findModels(join(root, "empty"), { mountedDir: "" })).rejects.toMatchObject({
    code: "KTS_PREDICTOR_NOT_FOUND",
  });
  expect(await findModels(join(root, "empty"), { mountedDir: join(root, "here") })).toMatchObject({
    kind: "model",
    path: join(root, "here"),
  });
});
