import { readFile, readdir, stat } from "node:fs/promises";
import { basename, dirname, extname, join } from "node:path";
import type { ProofExample } from "../../builder/proof/index.ts";
import { KtsError } from "../../contract/errors.ts";
import { protocolOfBody } from "../body-protocol.ts";

const EXPECTED = ".expected.json";

/**
 * The requests of a project's `examples` folder, by name: every `*.json`. What the answer must be stands beside it in
 * `*.expected.json`.
 * @param project the project's folder, or a file in it
 * @throws KtsError KTS_BUILD_INPUT when a file is no JSON or no request, or an expected answer belongs to none
 */
export async function readExamples(project: string): Promise<readonly ProofExample[]> {
  const folder = (await stat(project)).isDirectory() ? project : dirname(project);
  const examples = join(folder, "examples");
  const files = await readdir(examples).catch(() => []);
  const names = files.filter((name) => extname(name) === ".json").toSorted();
  const requests = names.filter((name) => !name.endsWith(EXPECTED));
  const lonely = names.find((name) => {
    return name.endsWith(EXPECTED) && !requests.includes(`${basename(name, EXPECTED)}.json`);
  });
  if (lonely !== undefined) throw badExample(`examples/${lonely}`, "has no request beside it");
  return Promise.all(
    requests.map(async (file) => {
      const name = `examples/${file}`;
      const text = await readFile(join(examples, file), "utf8");
      const protocol = protocolOfBody(parse(text, name));
      if (protocol === undefined) throw badExample(name, "is no request of V1 or V2");
      const expectedName = `${basename(file, ".json")}${EXPECTED}`;
      const expected = names.includes(expectedName)
        ? parse(await readFile(join(examples, expectedName), "utf8"), `examples/${expectedName}`)
        : undefined;
      return { name, protocol, text, expected };
    }),
  );
}

function parse(text: string, name: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    throw badExample(name, "is no JSON");
  }
}

function badExample(name: string, what: string): KtsError {
  return new KtsError("KTS_BUILD_INPUT", `${name} ${what}`, {
    hint: 'An example is {"instances": [...]} or {"inputs": [...]}; its answer stands in <name>.expected.json.',
  });
}
