import { constants } from "node:fs";
import { access, mkdtemp, readdir, rm, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { basename, dirname, join } from "node:path";
import { KtsError } from "../../contract/errors.ts";
import { SAVED_MODEL_FILE, type SavedModelSignature, type SavedModelTensor } from "./saved-model-file.ts";

/**
 * tfjs-node frees an output's texts in place, so that a constant that a graph answers with (names of classes) is
 * empty from the second run on. A copy of the graph answers with new texts instead: each output joined with an empty
 * text, which is fed, or TensorFlow would fold the join into a constant as well.
 */
export const EMPTY_TEXT = "kserve_ts/empty_text:0";

/** A SavedModel's folder that TensorFlow may load from; gone when it is disposed. */
export interface LoadableFolder extends AsyncDisposable {
  readonly path: string;
  /** What to fetch for an output. */
  graphName(output: SavedModelTensor): string;
}

/** The folder to load from: the model's own, or a copy of its graph where it answers with texts. */
export async function loadableFolder(
  modelFile: string,
  signature: SavedModelSignature,
): Promise<LoadableFolder> {
  const texts = signature.outputs.filter(({ spec }) => spec.datatype === "BYTES");
  const graphName = (output: SavedModelTensor) => {
    const at = texts.indexOf(output);
    return at < 0 ? output.graphName : `${copyName(at)}:0`;
  };
  const folder = dirname(modelFile);
  if (texts.length === 0) return { path: folder, graphName, async [Symbol.asyncDispose]() {} };
  const copy = await makeFolder();
  const removal = () => rm(copy, { recursive: true, force: true });
  try {
    await writeFile(join(copy, SAVED_MODEL_FILE), withCopies(signature.metaGraph, texts));
    for (const name of await readdir(folder)) {
      // A SavedModel's fingerprint is of the graph as it was.
      if (name === basename(modelFile) || name === "fingerprint.pb") continue;
      await symlink(join(folder, name), join(copy, name));
    }
  } catch (error) {
    await removal();
    throw error;
  }
  return { path: copy, graphName, [Symbol.asyncDispose]: removal };
}

/** A container's root may be read-only, its shared memory hardly ever is. */
async function makeFolder(): Promise<string> {
  for (const parent of [tmpdir(), "/dev/shm"]) {
    try {
      await access(parent, constants.W_OK);
      return await mkdtemp(join(parent, "kserve-ts-saved-model-"));
    } catch {
      continue;
    }
  }
  throw new KtsError(
    "KTS_LOAD_FAILED",
    `a SavedModel with outputs of texts needs a temporary folder, and neither ${tmpdir()} nor /dev/shm can be written`,
    { hint: "Mount an emptyDir at /tmp, or name a folder that can be written in TMPDIR." },
  );
}

const copyName = (at: number) => `kserve_ts/copied_text_${at}`;

/** TensorFlow's number of its text type. */
const DT_STRING = 7;

/** The SavedModel with nodes more: protobuf parsers merge a message that comes twice. */
function withCopies(metaGraph: Uint8Array, texts: readonly SavedModelTensor[]): Uint8Array {
  const type = Buffer.from([0x30, DT_STRING]);
  const scalar = field(7, Buffer.alloc(0));
  const nodes = [
    node(EMPTY_TEXT.slice(0, -2), "Placeholder", [], { dtype: type, shape: scalar }),
    ...texts.map(({ graphName }, at) =>
      node(copyName(at), "StringJoin", [graphName, EMPTY_TEXT], {
        N: Buffer.from([0x18, 2]),
        separator: field(2, Buffer.alloc(0)),
      }),
    ),
  ];
  const graph = field(2, Buffer.concat(nodes));
  return Buffer.concat([Buffer.from([0x08, 1]), field(2, Buffer.concat([metaGraph, graph]))]);
}

function node(
  name: string,
  op: string,
  inputs: readonly string[],
  attributes: Readonly<Record<string, Buffer>>,
): Buffer {
  const parts = [text(1, name), text(2, op), ...inputs.map((input) => text(3, input))];
  for (const [key, value] of Object.entries(attributes)) {
    parts.push(field(5, Buffer.concat([text(1, key), field(2, value)])));
  }
  return field(1, Buffer.concat(parts));
}

const text = (number: number, value: string) => field(number, Buffer.from(value));

/** A length-delimited protobuf field. */
function field(number: number, body: Buffer): Buffer {
  const head = [number * 8 + 2];
  let rest = body.length;
  for (; rest >= 128; rest = Math.floor(rest / 128)) head.push((rest % 128) + 128);
  return Buffer.concat([Buffer.from([...head, rest]), body]);
}
