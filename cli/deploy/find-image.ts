import { KtsError } from "../../contract/errors.ts";
import { type FolderImage, lastImageOf } from "../build/pushed-images.ts";
import { shellWord } from "../terminal/shell-word.ts";
import type { Terminal } from "../terminal/terminal.ts";
import type { Environment } from "../verb.ts";
import { type BuildWords, buildFolder } from "./build-folder.ts";
import { confirm } from "./confirm.ts";
import { type PinnedImage, isLocalName, pinImage } from "./pin-image.ts";

/** What decides which image a custom predictor gets. */
export interface ImageCall {
  /** What is built, and what was: a folder, or a predictor's path. */
  readonly dir: string;
  /** The folder as it was written, for messages. */
  readonly shownDir: string;
  /** The deployment's. */
  readonly name: string;
  /** The setting's image. */
  readonly image: string | undefined;
  readonly words: BuildWords;
  readonly env: Environment;
  readonly terminal: Terminal;
  readonly signal: AbortSignal;
}

/**
 * The image of a custom predictor, by its digest where its registry can be asked: the setting's, else what was last
 * built from the folder. With `--build`, or where somebody at a terminal wants it, it is built and pushed first.
 * @throws KtsError KTS_DEPLOY_INVALID where there is none, and the build's errors
 */
export async function findImage(call: ImageCall): Promise<PinnedImage> {
  const { dir, shownDir, image, words, env, terminal, signal } = call;
  if (words.build) return built(call, words.tag ?? image ?? (await lastImageOf(dir, env))?.reference);
  if (image !== undefined) return pinImage(image, env, words.insecureRegistry, signal);
  const last = await lastImageOf(dir, env);
  const known = last === undefined ? undefined : await usable(last, call);
  if (known !== undefined) return known;
  const name = words.tag ?? last?.reference;
  const canAsk = name !== undefined && terminal.hasStatus && process.stdin.isTTY;
  const what = last === undefined ? "has no image yet" : "was built, but not pushed";
  if (canAsk && (await confirm(`${folderText(shownDir)} ${what}. Build and push ${name} now?`, signal)))
    return built(call, name);
  throw notBuilt(shownDir, what, name ?? `registry.example.com/${call.name}:1`);
}

/** What was built last, where the cluster can have it. */
async function usable(
  last: FolderImage,
  { env, words, signal }: ImageCall,
): Promise<PinnedImage | undefined> {
  if (last.pushed !== undefined) return { image: last.pushed };
  if (isLocalName(last.reference)) return pinImage(last.reference, env, words.insecureRegistry, signal);
  return undefined;
}

async function built(call: ImageCall, name: string | undefined): Promise<PinnedImage> {
  const { dir, words, env, terminal, signal } = call;
  if (name === undefined) {
    throw new KtsError("KTS_USAGE", "--build needs the image's name", {
      hint: "Give it: --tag registry.example.com/digits:1, or deploy.image in the config file.",
    });
  }
  const reference = name.split("@", 1)[0] as string;
  await buildFolder({ dir, reference, words, env, push: !isLocalName(reference) }, terminal);
  const last = await lastImageOf(dir, env);
  if (last?.pushed !== undefined && last.reference === reference) return { image: last.pushed };
  return pinImage(reference, env, words.insecureRegistry, signal);
}

/** A deployment without an image, and the command that makes one. */
function notBuilt(dir: string, what: string, tag: string): KtsError {
  const deploy = dir === "." ? "kserve-ts deploy" : `kserve-ts deploy ${shellWord(dir)}`;
  return new KtsError("KTS_DEPLOY_INVALID", `deploy.image: ${folderText(dir)} ${what}`, {
    hint: `Build and push it first: ${deploy} --build --tag ${tag}. Or name an image with --image.`,
  });
}

function folderText(dir: string): string {
  return dir === "." ? "this folder" : dir;
}
