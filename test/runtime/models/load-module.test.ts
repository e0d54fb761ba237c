import { execFile } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { promisify } from "node:util";
import { afterAll, beforeAll, describe, expect, it } from "vitest";

const predictors = new URL("../../fixtures/predictors/", import.meta.url).pathname;

/** What neither tsc nor prettier take, so it is no fixture file. */
const ODD_FILES: Readonly<Record<string, string>> = {
  "enum/predictor.ts": `
    enum Answer { No, Yes = 42 }
    class Box { constructor(readonly value: number) {} }
    export const predict = () => [new Box(Answer.Yes).value];`,
  "extensionless/predictor.ts": `
    import { TensorSpec, isDatatype } from "kserve-ts";
    import { labels } from "./labels";
    import { scale } from "@/scale";
    export const outputs: TensorSpec[] = [{ name: "out", datatype: "BYTES", shape: [-1] }];
    export const predict = () => [labels.join(), String(scale(2)), String(isDatatype("FP32"))];`,
  "extensionless/labels/index.ts": `
    import { readFileSync } from "node:fs";
    export const labels = readFileSync(new URL("./labels.txt", import.meta.url), "utf8").split(" ");`,
  "extensionless/labels/labels.txt": "cat dog",
  "extensionless/lib/scale.ts": "export const scale = (value: number) => value * 10;",
  "extensionless/tsconfig.json": '{ "compilerOptions": { "paths": { "@/*": ["./lib/*"] } } }',
  "syntax-error/predictor.js": "export function predict() {\n  const values = [1, 2;\n  return values;\n}\n",
  "type-syntax-error/predictor.ts": "export function predict(value: number {\n  return value;\n}\n",
};

let odd = "";
beforeAll(() => {
  odd = `${mkdtempSync(join(tmpdir(), "modules-"))}/`;
  for (const [file, text] of Object.entries(ODD_FILES)) {
    mkdirSync(dirname(join(odd, file)), { recursive: true });
    writeFileSync(join(odd, file), text);
  }
});
afterAll(() => {
  rmSync(odd, { recursive: true });
});

const loadModuleUrl = new URL("../../../runtime/models/load-module.ts", import.meta.url).href;

const PROBE = `
  const { loadModule } = await import(process.argv[1]);
  try {
    const exports = await loadModule(process.argv[2]);
    const answer = await exports.predict?.(undefined, []);
    console.log(JSON.stringify({ names: Object.keys(exports), answer }));
  } catch (error) {
    console.log(JSON.stringify({ code: error.code, message: error.message, hint: error.hint }));
  }
`;

interface Loaded {
  readonly names?: string[];
  readonly answer?: unknown;
  readonly code?: string;
  readonly message?: string;
  readonly hint?: string;
}

/** Loads a module as the server does, in a Node of its own: vitest would import it through its own transforms. */
async function load(name: string, folder = predictors): Promise<Loaded> {
  const args = ["--input-type=module", "--eval", PROBE, loadModuleUrl, `${folder}${name}`];
  const { stdout } = await promisify(execFile)(process.execPath, args);
  return JSON.parse(stdout) as Loaded;
}

describe.concurrent("loadModule", () => {
  it("runs TypeScript that Node can strip", async () => {
    expect((await load("echo/predictor.ts")).answer).toEqual([]);
  });

  it("runs TypeScript that Node cannot strip: enums and parameter properties", async () => {
    expect((await load("enum/predictor.ts", odd)).answer).toEqual([42]);
  });

  it("runs imports without an extension, of a folder, by a path alias, and of types as if they were values", async () => {
    expect((await load("extensionless/predictor.ts", odd)).answer).toEqual(["cat,dog", "20", "true"]);
  });

  it("gives kserve-ts to a module whose project has not installed it, CommonJS included", async () => {
    expect((await load("commonjs/predictor.js")).answer).toEqual([false]);
    expect((await load("own-load/predictor.ts")).names).toEqual(["default"]);
  });

  it("shows the place and the line of a syntax error", async () => {
    const error = await load("syntax-error/predictor.js", odd);
    expect(error.code).toBe("KTS_PREDICTOR_INVALID");
    expect(error.message).toBe(
      [
        'predictor.js:2:23: Expected "]" but found ";"',
        "  2 |   const values = [1, 2;",
        "                            ^",
      ].join("\n"),
    );
    expect((await load("type-syntax-error/predictor.ts", odd)).message).toMatch(
      /^predictor\.ts:1:\d+: .*\n {2}1 \| export function predict\(value: number \{\n/,
    );
  });

  it("says which package is missing, and what to run", async () => {
    const error = await load("missing-import/predictor.js");
    expect(error.message).toBe("predictor.js imports a-package-that-nobody-has, which is not there");
    expect(error.hint).toBe(`Run npm install a-package-that-nobody-has in ${predictors}missing-import.`);
  });

  it("says which file is missing", async () => {
    const error = await load("missing-file/predictor.js");
    expect(error.message).toMatch(/^predictor\.js:1:25: Could not resolve "\.\/not-there\.js"/);
  });

  it("says what a module threw while it was imported, and where", async () => {
    const error = await load("throws-on-import/predictor.js");
    expect(error.code).toBe("KTS_PREDICTOR_INVALID");
    expect(error.message).toMatch(
      /^predictor\.js threw while it was imported: Error: ENOENT.* \(predictor\.js:2:1\)$/,
    );
  });
});

describe("a module loaded again by the same thread", () => {
  it("is read anew in its next generation, with what it imports by path, but not with packages", async () => {
    const folder = join(odd, "again");
    const files: Record<string, string> = {
      "predictor.mjs": 'import { word } from "./word.mjs"; import { at } from "pack"; export { word, at };',
      "word.mjs": 'export const word = "old";',
      "node_modules/pack/package.json": '{ "name": "pack", "type": "module", "exports": "./index.js" }',
      "node_modules/pack/index.js": "export const at = performance.now();",
    };
    for (const [file, text] of Object.entries(files)) {
      mkdirSync(dirname(join(folder, file)), { recursive: true });
      writeFileSync(join(folder, file), text);
    }
    const script = `
      const { loadModule } = await import(process.argv[1]);
      const [path, word] = process.argv.slice(2);
      const first = await loadModule(path);
      (await import("node:fs")).writeFileSync(word, 'export const word = "new";');
      const same = await loadModule(path);
      const next = await loadModule(path, 1);
      console.log(JSON.stringify([first.word, same.word, next.word, first.at === next.at]));
    `;
    const args = ["--input-type=module", "-e", script, loadModuleUrl];
    const paths = [join(folder, "predictor.mjs"), join(folder, "word.mjs")];
    const { stdout } = await promisify(execFile)(process.execPath, [...args, ...paths]);
    expect(JSON.parse(stdout)).toEqual(["old", "old", "new", true]);
  });
});
