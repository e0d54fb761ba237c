import { createReadStream } from "node:fs";
import { Readable } from "node:stream";
import { pipeline } from "node:stream/promises";
import type { Pack } from "tar-stream";
import type { BuildPlan, LayerName, PlannedFile } from "../plan/build-plan.ts";

/** Where a file of an image lies in the context; with the Dockerfile's COPY it gets to its path. */
export type ContextPath = (layer: LayerName, file: PlannedFile) => string;

/** Same files, same tar: nothing tells when or by whom it was written. */
const OWNER = { uid: 0, gid: 0, uname: "", gname: "", mtime: new Date(0) } as const;

/**
 * The context of a plan: a tar of the Dockerfile and exactly the planned files, written while it is read. Nothing else
 * can get into it.
 * @param signal ends the stream
 * @param sent called with the bytes of files that have been read so far, and of all
 */
export async function packContext(
  plan: Pick<BuildPlan, "layers">,
  dockerfile: string,
  contextPath: ContextPath,
  signal: AbortSignal,
  sent: (doneBytes: number, totalBytes: number) => void,
): Promise<Readable> {
  const { pack: createPack } = await import("tar-stream");
  const pack = createPack();
  const totalBytes = plan.layers.reduce((sum, layer) => sum + layer.bytes, 0);
  let doneBytes = 0;
  let current: string | undefined;
  const count = (bytes: number) => sent((doneBytes += bytes), totalBytes);
  const write = async () => {
    await addBytes(pack, "Dockerfile", Buffer.from(dockerfile), 0o644);
    for (const layer of plan.layers) {
      for (const file of layer.files) {
        signal.throwIfAborted();
        if (file.source.kind === "file") current = file.source.path;
        await addFile(pack, contextPath(layer.name, file), file, count);
      }
    }
    pack.finalize();
  };
  write().catch((error: unknown) => pack.destroy(error instanceof Error ? error : new Error(String(error))));
  // tar-stream's streams are not Node's own, which a request needs to end them.
  const bytes = async function* () {
    try {
      yield* pack as AsyncIterable<Uint8Array>;
    } catch (error) {
      // One that has grown or shrunk since breaks the tar.
      throw current === undefined || signal.aborted ? error : fileChanged(current, error as Error);
    }
  };
  const tar = Readable.from(bytes(), { objectMode: false });
  tar.once("close", () => pack.destroy());
  return tar;
}

async function addFile(
  pack: Pack,
  name: string,
  { source, executable }: PlannedFile,
  count: (bytes: number) => void,
): Promise<void> {
  const mode = executable ? 0o755 : 0o644;
  if (source.kind === "bytes") {
    await addBytes(pack, name, source.contents, mode);
    count(source.contents.length);
  } else if (source.kind === "link") {
    await finished((done) => {
      pack.entry({ ...OWNER, name, type: "symlink", linkname: source.target, mode: 0o777 }, done);
    });
  } else {
    const entry = pack.entry({ ...OWNER, name, size: source.bytes, mode }, () => undefined);
    const read = createReadStream(source.path);
    read.on("data", (chunk) => count(chunk.length));
    await pipeline(read, entry);
  }
}

function fileChanged(path: string, cause: Error): Error {
  return new Error(`${path} cannot be read as it was planned: ${cause.message}`, { cause });
}

async function addBytes(pack: Pack, name: string, contents: Uint8Array, mode: number): Promise<void> {
  await finished((done) => pack.entry({ ...OWNER, name, mode }, Buffer.from(contents), done));
}

async function finished(start: (done: (error?: Error | null) => void) => void): Promise<void> {
  const { promise, resolve, reject } = Promise.withResolvers<undefined>();
  start((error) => (error ? reject(error) : resolve(undefined)));
  await promise;
}
