import { spawnSync } from "node:child_process";
import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { postJson, serveFolder } from "../runtime/serving.ts";
import { type Page, placeOf, readPages, wordOf } from "./documents.ts";

const CONTRACT = new URL("../../contract/index.ts", import.meta.url).href;
const pages = await readPages();
const page = pages.find(({ path }) => path === "docs/23-from-kserve-python.md") as Page;

describe("the predictor beside the Python model", () => {
  it("answers what the page says, over V1 and V2", async () => {
    const parent = await mkdtemp(join(tmpdir(), "kserve-ts-test-"));
    try {
      const folder = join(parent, "prices");
      await mkdir(join(folder, "model"), { recursive: true });
      const code = page.blocks.find((block) => wordOf(block, "file") === "predictor.ts")?.code ?? "";
      await writeFile(join(folder, "predictor.ts"), code.replace('"kserve-ts"', JSON.stringify(CONTRACT)));
      await writeFile(join(folder, "model/weights.json"), "[2, 0.5, 1]");
      await using server = await serveFolder(folder);
      const shown = page.blocks.find(({ language }) => language === "console")?.code ?? "";
      const [, body, answer] = /-d '(.*)'\n(.*)\n/.exec(shown) ?? [];
      const v1 = await postJson(server, "/v1/models/prices:predict", body);
      expect(v1).toMatchObject({ status: 200, body: JSON.parse(answer ?? "") });
      const v2 = await postJson(server, "/v2/models/prices/infer", {
        inputs: [{ name: "row", shape: [1, 3], datatype: "FP64", data: [1, 2, 3.123] }],
      });
      expect(v2.body).toMatchObject({
        outputs: [{ name: "price", shape: [1], datatype: "FP64", data: [6.12] }],
      });
      for (const instances of [[[1, 2]], [["a", 2, 3]], 1]) {
        expect(await postJson(server, "/v1/models/prices:predict", { instances })).toMatchObject({
          status: 400,
        });
      }
    } finally {
      await rm(parent, { recursive: true, force: true });
    }
  });
});

const PYTHON = spawnSync("python3", ["--version"]).status === 0;
const snippets = pages.flatMap((each) =>
  each.blocks
    .filter(({ language }) => language === "python")
    .map((block) => [placeOf(each, block), block] as const),
);

describe.skipIf(!PYTHON)("the Python of the documentation", () => {
  it.each(snippets)("is Python: %s", (_place, { code }) => {
    // As the body of a coroutine, for the snippets that await.
    const program =
      "import sys, textwrap\ncompile('async def f():\\n' + textwrap.indent(sys.stdin.read(), ' '), 'snippet', 'exec')";
    const { status, stderr } = spawnSync("python3", ["-c", program], { input: code, encoding: "utf8" });
    expect({ status, stderr }).toEqual({ status: 0, stderr: "" });
  });
});
