import { createHash } from "node:crypto";
import { readFile } from "node:fs/promises";
import { basename, dirname, extname, resolve } from "node:path";
import { pathToFileURL } from "node:url";
import type { BuildFailure, BuildOptions, Metafile, Plugin } from "esbuild";
import { KtsError } from "../../contract/errors.ts";
import { describeProblem } from "../models/bundle-module.ts";
import type { CodeSnapshot, SnapshotModule } from "../models/code-snapshot.ts";

/** Problems of one change that are shown; the others follow from them more often than not. */
const MOST_PROBLEMS = 5;

/** Marks a module's URL with a number: see `SnapshotModule.url`. */
const MARK = "kserve-ts-code";

let lastNumber = 0;

/** A file as it was read. */
interface SourceFile {
  readonly path: string;
  readonly text: string;
  /** What it imports by path, by the text of the import. */
  readonly imports: ReadonlyMap<string, string>;
  /** Whether it is one that Node keeps once it has it: CommonJS. */
  readonly isKept: boolean;
}

/** A module's number, and what it stands for. */
interface Numbered {
  readonly hash: string;
  readonly url: string;
}

/** The code of one predictor: its module and what that imports by path, which is read anew as it changes. */
export class ProjectCode {
  readonly #entry: string;
  /** Of the code that serves. */
  #live: ReadonlyMap<string, Numbered> = new Map();
  readonly #snapshots = new WeakMap<CodeSnapshot, ReadonlyMap<string, Numbered>>();
  #compiled = new Map<string, { readonly text: string; readonly source: string }>();
  #files: readonly string[];

  /** @param entry path of the predictor's module, absolute */
  constructor(entry: string) {
    this.#entry = entry;
    this.#files = [entry];
  }

  /** The files that the last snapshot was made of, or that were come across before it could not be made; absolute. */
  get files(): readonly string[] {
    return this.#files;
  }

  /**
   * Reads the code.
   * @throws KtsError KTS_PREDICTOR_INVALID with the places of syntax errors and of imports that lead nowhere
   */
  async snapshot(): Promise<CodeSnapshot> {
    const files = await this.#read();
    const own = [...files.values()].filter(({ isKept }) => !isKept);
    const sources = await this.#compile(own);
    const hashOf = closureHashes(files);
    const numbers = new Map<string, Numbered>();
    for (const { path } of own) numbers.set(path, this.#number(path, hashOf(path)));
    const modules = own.map((file): SnapshotModule => {
      const { url } = numbers.get(file.path) as Numbered;
      const source = sources.get(file.path) ?? file.text;
      const imports: Record<string, string> = {};
      for (const [specifier, path] of file.imports) {
        const imported = numbers.get(path);
        if (imported !== undefined) imports[specifier] = imported.url;
      }
      return { url, format: extname(file.path) === ".json" ? "json" : "module", source, imports };
    });
    const kept = [...files.values()].filter(({ isKept }) => isKept);
    const snapshot: CodeSnapshot = {
      entry: numbers.get(this.#entry)?.url ?? pathToFileURL(this.#entry).href,
      modules,
      hash: hashOf(this.#entry),
      keptHash: hashTexts(kept.map(({ path, text }) => [path, text])),
    };
    this.#snapshots.set(snapshot, numbers);
    return snapshot;
  }

  /** A snapshot serves: what does not change from here on keeps its URL. */
  wentLive(snapshot: CodeSnapshot): void {
    this.#live = this.#snapshots.get(snapshot) ?? this.#live;
  }

  /** A module that failed to run would fail for ever under its URL, so only what serves keeps it. */
  #number(path: string, hash: string): Numbered {
    const live = this.#live.get(path);
    if (live?.hash === hash) return live;
    return { hash, url: `${pathToFileURL(path).href}?${MARK}=${++lastNumber}` };
  }

  /** Every file that there is to read, as one moment has it. */
  async #read(): Promise<ReadonlyMap<string, SourceFile>> {
    const texts = new Map<string, string>();
    const folder = dirname(this.#entry);
    const { metafile } = await this.#build({
      entryPoints: [this.#entry],
      bundle: true,
      packages: "external",
      metafile: true,
      loader: { ".node": "empty" },
      plugins: [reading(texts)],
    }).finally(() => (this.#files = [...new Set([this.#entry, ...texts.keys()])]));
    const files = new Map<string, SourceFile>();
    for (const [name, input] of Object.entries((metafile as Metafile).inputs)) {
      const path = resolve(folder, name);
      const text = texts.get(path);
      if (text === undefined) continue;
      const imports = input.imports
        .filter((one) => one.external !== true && one.original !== undefined)
        .map((one) => [one.original as string, resolve(folder, one.path)] as const);
      const isKept = input.format === "cjs" || !/\.(m?[jt]s|json)$/.test(path);
      files.set(path, { path, text, imports: new Map(imports), isKept });
    }
    return files;
  }

  /** The JavaScript of TypeScript; what has not changed is as it was. */
  async #compile(files: readonly SourceFile[]): Promise<ReadonlyMap<string, string>> {
    const typed = files.filter(({ path }) => path.endsWith("ts"));
    const before = this.#compiled;
    this.#compiled = new Map();
    const fresh: SourceFile[] = [];
    for (const file of typed) {
      const known = before.get(file.path);
      if (known?.text === file.text) this.#compiled.set(file.path, known);
      else fresh.push(file);
    }
    if (fresh.length > 0) {
      const texts = new Map(fresh.map(({ path, text }) => [path, text]));
      const { outputFiles = [] } = await this.#build({
        entryPoints: fresh.map(({ path }, at) => ({ in: path, out: String(at) })),
        outdir: dirname(this.#entry),
        sourcemap: "external",
        plugins: [reading(texts, texts)],
      });
      for (const [at, { path, text }] of fresh.entries()) {
        const output = (end: string) =>
          outputFiles.find((file) => basename(file.path) === `${at}${end}`)?.text ?? "";
        this.#compiled.set(path, { text, source: withMap(output(".js"), output(".js.map"), path) });
      }
    }
    return new Map([...this.#compiled].map(([path, { source }]) => [path, source]));
  }

  async #build(options: BuildOptions) {
    const { build } = await import("esbuild");
    try {
      return await build({
        absWorkingDir: dirname(this.#entry),
        write: false,
        format: "esm",
        platform: "node",
        target: `node${process.versions.node}`,
        logLevel: "silent",
        ...options,
      });
    } catch (error) {
      const problems = (error as Partial<BuildFailure>).errors ?? [];
      if (problems.length === 0) throw error;
      const shown = problems.slice(0, MOST_PROBLEMS).map((problem) => describeProblem(problem, this.#entry));
      const more = problems.length - shown.length;
      throw new KtsError(
        "KTS_PREDICTOR_INVALID",
        [...shown, ...(more > 0 ? [`and ${more} more`] : [])].join("\n"),
        { cause: error, hint: "Correct the module; it was not run." },
      );
    }
  }
}

/** Gives esbuild the text of each file, once read. */
function reading(texts: Map<string, string>, known: ReadonlyMap<string, string> = new Map()): Plugin {
  return {
    name: "texts",
    setup(build) {
      build.onLoad({ filter: /\.([cm]?[jt]s|json)$/, namespace: "file" }, async ({ path }) => {
        const contents = known.get(path) ?? (await readFile(path, "utf8"));
        texts.set(path, contents);
        const loader = path.endsWith(".json") ? "json" : path.endsWith("ts") ? "ts" : "js";
        return { contents, loader };
      });
    },
  };
}

/** The map's file is beside the module's, and the map goes with the code. */
function withMap(code: string, map: string, path: string): string {
  const own = JSON.stringify({ ...(JSON.parse(map) as object), sources: [basename(path)] });
  return `${code}//# sourceMappingURL=data:application/json;base64,${Buffer.from(own).toString("base64")}\n`;
}

/** A hash of what a file's module is made of: its own text, and those of all that it imports. */
function closureHashes(files: ReadonlyMap<string, SourceFile>): (path: string) => string {
  return (path) => {
    const reached = new Set([path]);
    for (const one of reached)
      for (const imported of files.get(one)?.imports.values() ?? []) reached.add(imported);
    return hashTexts([...reached].map((one) => [one, files.get(one)?.text ?? ""]));
  };
}

function hashTexts(texts: readonly (readonly [path: string, text: string])[]): string {
  const hash = createHash("sha256");
  for (const pair of texts.toSorted(([a], [b]) => (a < b ? -1 : 1))) hash.update(JSON.stringify(pair));
  return hash.digest("hex");
}
