/**
 * Deletes the declarations in dist/ that no entry point of the package leads to: two thirds of them, which would only make
 * the package larger.
 */
import { readFileSync, readdirSync, rmSync } from "node:fs";
import { dirname, join, resolve } from "node:path";
import { fileURLToPath } from "node:url";

const root = fileURLToPath(new URL("../", import.meta.url));
const { exports } = JSON.parse(readFileSync(join(root, "package.json"), "utf8")) as { exports: unknown };

/** Specifiers of `import`, `export ... from` and `import()`, which a comment may have too: that keeps a file too many. */
const SPECIFIERS = /(?:\bfrom\s*|\bimport\s*\(?\s*)"(\.[^"]+)"/g;

const declarations = new Set(
  readdirSync(join(root, "dist"), { recursive: true, encoding: "utf8" })
    .filter((path) => path.endsWith(".d.ts"))
    .map((path) => join(root, "dist", path)),
);
const reached = new Set<string>();
const waiting = entryTypes(exports);
for (let file = waiting.pop(); file !== undefined; file = waiting.pop()) {
  if (reached.has(file)) continue;
  reached.add(file);
  for (const [, specifier = ""] of readFileSync(file, "utf8").matchAll(SPECIFIERS)) {
    const path = resolve(dirname(file), specifier.replace(/\.[jt]s$/, ".d.ts"));
    if (declarations.has(path)) waiting.push(path);
  }
}
for (const file of declarations) if (!reached.has(file)) rmSync(file);

/** The files under `types` in the package's `exports`, absolute. */
function entryTypes(value: unknown): string[] {
  if (typeof value !== "object" || value === null) return [];
  return Object.entries(value).flatMap(([key, member]) =>
    key === "types" ? [join(root, String(member))] : entryTypes(member),
  );
}
