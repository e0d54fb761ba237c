import { cp, mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type TestServer, ECHO, serveFolder } from "../../runtime/serving.ts";

const FIXTURES = new URL("../../fixtures/models/", import.meta.url).pathname;

/** A predictor that fails with each kind of failure, and explains. */
const MOODS = `
export const execution = "inline";
export const predict = (_model, instances, ctx) => {
  if (ctx.parameters.fail === true) throw new Error("out of order");
  return instances;
};
export const explain = (_model, instances) => instances.map((instance) => ({ why: instance }));
`;

/** A server of a repository with the models `echo`, `moods`, `iris-onnx` and `dtypes-onnx`. */
export async function modelServer(): Promise<TestServer> {
  const parent = await mkdtemp(join(tmpdir(), "kserve-ts-python-"));
  try {
    for (const [name, source] of [
      ["echo", ECHO],
      ["moods", MOODS],
    ] as const) {
      await mkdir(join(parent, name));
      await writeFile(join(parent, name, "predictor.mjs"), source);
    }
    for (const name of ["iris-onnx", "dtypes-onnx"])
      await cp(join(FIXTURES, name), join(parent, name), { recursive: true });
    const server = await serveFolder(parent);
    const dispose = async () => {
      await server.stop();
      await rm(parent, { recursive: true, force: true });
    };
    return Object.assign(server, { [Symbol.asyncDispose]: dispose });
  } catch (error) {
    await rm(parent, { recursive: true, force: true });
    throw error;
  }
}
