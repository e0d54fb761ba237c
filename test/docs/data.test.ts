import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { Ajv2020 } from "ajv/dist/2020.js";
import { describe, expect, it } from "vitest";
import { parseAllDocuments } from "yaml";
import type { KserveConfig } from "../../contract/index.ts";
import { parseDeployFile } from "../../deployer/index.ts";
import { configJsonSchema } from "../../scripts/config-schema.ts";
import { crdProblems, graphCrdProblems } from "../deployer/crd-schema.ts";
import { ROOT, type Block, placeOf, readPages } from "./documents.ts";

/** Sections of a config file. A document of these alone is one. */
const SECTIONS = ["$schema", "server", "model", "models", "deploy", "targets", "graphs"];

const validate = new Ajv2020({ strict: false, allErrors: true }).compile(configJsonSchema());

const pages = await readPages();
const blocks = pages.flatMap((page) => page.blocks.map((block) => [placeOf(page, block), block] as const));
const written = blocks.filter(([, { language }]) => ["json", "yaml", "jsonc"].includes(language));
const configs = blocks.filter(
  ([, { language, code }]) => language === "ts" && /= defineConfig\(|default defineConfig\(/.test(code),
);

/** The documents of a block; YAML's reader takes JSON too, but is milder. */
function documentsOf({ language, code }: Block): unknown[] {
  if (language === "json") return [JSON.parse(code)];
  const documents = parseAllDocuments(code);
  for (const { errors } of documents) expect(errors).toEqual([]);
  return documents.map((document) => document.toJS() as unknown);
}

/** What is wrong with a config file. */
function configProblems(config: object): unknown[] {
  // Names of ZenML's are taken, and are not what editors are to suggest.
  const renamed = { ...config, ...parseDeployFile(config, "the snippet") };
  if (!validate(renamed))
    return (validate.errors ?? []).map(({ instancePath, message }) => `${instancePath} ${message}`);
  return [];
}

/** What is wrong with a document, by the kind that it looks like. */
async function problemsOf(document: unknown): Promise<readonly unknown[]> {
  if (typeof document !== "object" || document === null || Array.isArray(document)) return [];
  const { apiVersion, kind } = document as { apiVersion?: string; kind?: string };
  if (kind === "InferenceService") return (await crdProblems("0.20.0"))(document);
  if (kind === "InferenceGraph") return (await graphCrdProblems("0.20.0"))(document);
  if (apiVersion !== undefined) return [];
  const names = Object.keys(document);
  return names.length > 0 && names.every((name) => SECTIONS.includes(name)) ? configProblems(document) : [];
}

describe("the JSON and YAML of the documentation", { timeout: 120_000 }, () => {
  it.each(written)("is right: %s", async (_place, block) => {
    for (const document of documentsOf(block)) expect(await problemsOf(document)).toEqual([]);
  });
});

describe("the config files of the documentation", () => {
  it.each(configs)("are right: %s", async (_place, { code }) => {
    const folder = await mkdtemp(join(ROOT, "test/docs/config-"));
    try {
      const file = join(folder, "kserve.config.ts");
      await writeFile(
        file,
        code.includes("import {") ? code : `import { defineConfig } from "kserve-ts";\n${code}`,
      );
      const { default: config } = (await import(file)) as { default: KserveConfig };
      expect(configProblems(config)).toEqual([]);
    } finally {
      await rm(folder, { recursive: true, force: true });
    }
  });

  it("are several", () => expect(configs.length).toBeGreaterThan(3));
});
