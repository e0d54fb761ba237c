import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { typeErrors } from "./type-errors.ts";

/** What the examples may use without saying where it is from. */
const PRELUDE = `
import type * as contract from "kserve-ts";
import type * as client from "kserve-ts/client";
declare global {
  var InferenceClient: typeof client.InferenceClient;
  var GrpcInferenceClient: typeof client.GrpcInferenceClient;
  var tensor: typeof contract.tensor;
  var isKtsError: typeof contract.isKtsError;
  var image: contract.Tensor<"FP32">;
}
`;

/** The TypeScript blocks of a document, each as a module. */
function examplesOf(document: string): string[] {
  return [...document.matchAll(/^```ts\n(.*?)^```$/gms)].map(([, code = ""]) => `${code}\nexport {};\n`);
}

describe("the examples of a document", () => {
  it.each(["docs/05-client.md"])("%s compile", { timeout: 120_000 }, async (path) => {
    const examples = examplesOf(await readFile(path, "utf8"));
    expect(examples.length).toBeGreaterThan(4);
    // Within the repository, for the packages that they import.
    const folder = await mkdtemp("test/types/examples-");
    try {
      const prelude = `import "./prelude.ts";\n`;
      await writeFile(join(folder, "prelude.ts"), PRELUDE);
      await writeFile(
        join(folder, "predictor.ts"),
        await readFile("test/types/example-predictor.ts", "utf8"),
      );
      const files = examples.map((_, index) => join(folder, `example-${index}.ts`));
      await Promise.all(files.map((file, index) => writeFile(file, prelude + (examples[index] ?? ""))));
      const all = join(folder, "all.ts");
      await writeFile(all, files.map((_, index) => `import "./example-${index}.ts";`).join("\n"));
      expect(typeErrors(all)).toEqual([]);
    } finally {
      await rm(folder, { recursive: true, force: true });
    }
  });
});
