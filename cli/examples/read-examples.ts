import { type Dirent } from "node:fs";
import { readFile, readdir } from "node:fs/promises";
import { basename, join } from "node:path";
import type { ProofExample } from "../../builder/proof/index.ts";
import { KtsError } from "../../contract/errors.ts";
import { decodeText } from "../../protocol/json/parse.ts";
import { parseExact } from "../../protocol/json/exact.ts";
import { explainSyntaxError } from "../../protocol/json/syntax-error.ts";
import { protocolOfBody } from "../body-protocol.ts";
import { projectFolderOf } from "../project-folder.ts";

const EXPECTED = ".expected.json";

/** A request of a project, with the answer that it is to have. */
export interface Example extends ProofExample {
  /** The file of its answer, be it there or not. */
  readonly expectedPath: string;
}

/**
 * The requests of a project, by name: every `*.json` of its folder `examples`, and of folders in that, which are for the
 * model that they are named by. What the answer must be stands beside it in `*.expected.json`.
 * @param project the project's folder, or a file in it
 * @param repository where the models lie, if the project has several: a model's folder may have `examples` of its own
 * @throws KtsError KTS_BUILD_INPUT when a file is no JSON or no request, or an expected answer belongs to none
 */
export async function readExamples(project: string, repository?: string): Promise<readonly Example[]> {
  const folder = await projectFolderOf(project);
  const own = await readFolder(join(folder, "examples"), "examples", undefined);
  const grouped = await Promise.all(
    (await foldersIn(join(folder, "examples"))).map((name) =>
      readFolder(join(folder, "examples", name), `examples/${name}`, name),
    ),
  );
  const models = repository === undefined ? [] : await foldersIn(repository);
  const ofModels = await Promise.all(
    models.map((name) => readFolder(join(repository ?? "", name, "examples"), `${name}/examples`, name)),
  );
  return [own, ...grouped, ...ofModels].flat();
}

async function foldersIn(path: string): Promise<readonly string[]> {
  const entries = await readdir(path, { withFileTypes: true }).catch((): Dirent[] => []);
  const names = entries.filter((entry) => entry.isDirectory()).map(({ name }) => name);
  return names.filter((name) => !name.startsWith(".") && name !== "node_modules").toSorted();
}

async function readFolder(
  path: string,
  title: string,
  model: string | undefined,
): Promise<readonly Example[]> {
  const files = await readdir(path).catch(() => []);
  const names = files.filter((name) => name.endsWith(".json")).toSorted();
  const requests = names.filter((name) => !name.endsWith(EXPECTED));
  const lonely = names.find((name) => {
    return name.endsWith(EXPECTED) && !requests.includes(`${basename(name, EXPECTED)}.json`);
  });
  if (lonely !== undefined) throw badExample(`${title}/${lonely}`, "has no request beside it");
  return Promise.all(
    requests.map(async (file) => {
      const name = `${title}/${file}`;
      const { text, value } = await readJson(join(path, file), name);
      const protocol = protocolOfBody(value);
      if (protocol === undefined) throw badExample(name, "is no request of V1 or V2");
      const expectedName = `${basename(file, ".json")}${EXPECTED}`;
      const expectedPath = join(path, expectedName);
      const expected = names.includes(expectedName)
        ? (await readJson(expectedPath, `${title}/${expectedName}`)).value
        : undefined;
      return { name, model, protocol, text, expected, expectedPath };
    }),
  );
}

/** Integers beyond 2^53 are BigInts. */
async function readJson(path: string, name: string): Promise<{ text: string; value: unknown }> {
  let text: string;
  try {
    text = decodeText(await readFile(path));
  } catch {
    throw badExample(name, "is not UTF-8 text");
  }
  try {
    JSON.parse(text);
  } catch {
    throw badExample(name, `is no JSON: ${explainSyntaxError(text)}`);
  }
  return { text, value: parseExact(text) };
}

function badExample(name: string, what: string): KtsError {
  return new KtsError("KTS_BUILD_INPUT", `${name} ${what}`, {
    hint: 'An example is {"instances": [...]} or {"inputs": [...]}; its answer stands in <name>.expected.json.',
  });
}
