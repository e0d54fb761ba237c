import { join } from "node:path";
import { fileURLToPath } from "node:url";
import ts from "typescript";

const ROOT = fileURLToPath(new URL("../../", import.meta.url));

/** The package's entry points and their sources. */
export const ENTRY_POINTS = {
  "kserve-ts": "contract/index.ts",
  "kserve-ts/client": "client/index.ts",
  "kserve-ts/runtime": "runtime/index.ts",
  "kserve-ts/builder": "builder/index.ts",
  "kserve-ts/deployer": "deployer/index.ts",
} as const;

/** The sources as the compiler sees them. */
export interface Sources {
  readonly checker: ts.TypeChecker;
  /** What a source exports, by its path from the repository's root. */
  exportsOf(path: string): readonly ts.Symbol[];
}

/** Reads the entry points' sources. */
export function readSources(): Sources {
  const config = ts.readConfigFile(join(ROOT, "tsconfig.json"), (path) => ts.sys.readFile(path));
  const { options } = ts.parseJsonConfigFileContent(config.config, ts.sys, ROOT);
  const files = Object.values(ENTRY_POINTS).map((path) => join(ROOT, path));
  const program = ts.createProgram(files, options);
  const checker = program.getTypeChecker();
  return {
    checker,
    exportsOf(path) {
      const file = program.getSourceFile(join(ROOT, path));
      const module = file === undefined ? undefined : checker.getSymbolAtLocation(file);
      if (module === undefined) throw new Error(`${path} is no module`);
      return checker.getExportsOfModule(module).map((symbol) => withoutAlias(symbol, checker));
    },
  };
}

function withoutAlias(symbol: ts.Symbol, checker: ts.TypeChecker): ts.Symbol {
  return symbol.flags & ts.SymbolFlags.Alias ? checker.getAliasedSymbol(symbol) : symbol;
}

/** A symbol's documentation as one paragraph, links as their words. */
export function docOf(symbol: ts.Symbol, checker: ts.TypeChecker): string {
  return ts
    .displayPartsToString(symbol.getDocumentationComment(checker))
    .replaceAll(/\{@link ([^}]+)\}/g, "$1")
    .replaceAll(/\s+/g, " ")
    .trim();
}
