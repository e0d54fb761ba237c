import { createReadStream } from "node:fs";
import { readFile, stat } from "node:fs/promises";
import type { Pack } from "tar-stream";
import { KtsError } from "../../contract/errors.ts";
import type { PlannedFile, PlannedLayer } from "../plan/build-plan.ts";
import { layerEntries } from "./layer-entries.ts";

/** Larger files go through a stream; smaller ones are quicker at once. */
const STREAMED_BYTES = 262_144;
const CHUNK_BYTES = 1_048_576;

type Entry = Parameters<Pack["entry"]>[0];

/**
 * A layer as a tar whose bytes depend on nothing but its paths, modes and contents, and the time that is given: all
 * belongs to root, and is in order. It is never in memory as a whole.
 * @param epochSeconds time of every entry
 * @throws KtsError KTS_BUILD_INPUT where a file has gone or changed its size
 */
export async function* layerTar(
  layer: Pick<PlannedLayer, "files">,
  epochSeconds: number,
): AsyncGenerator<Uint8Array, void> {
  const { pack } = await import("tar-stream");
  const tar = pack();
  const written = writeEntries(tar, layer, new Date(epochSeconds * 1000)).then(
    () => tar.finalize(),
    (error: unknown) => tar.destroy(error instanceof Error ? error : new Error(String(error))),
  );
  try {
    for await (const chunk of tar) yield chunk as Uint8Array;
  } finally {
    // Whoever reads it may have gone before its end.
    tar.destroy();
    await written;
  }
}

async function writeEntries(tar: Pack, layer: Pick<PlannedLayer, "files">, mtime: Date): Promise<void> {
  const common = { uid: 0, gid: 0, uname: "", gname: "", mtime };
  for (const entry of layerEntries(layer)) {
    if (entry.kind === "folder") {
      await entryWritten(tar, { ...common, name: `${entry.name}/`, type: "directory", mode: 0o755 });
      continue;
    }
    const { name, file } = entry;
    const { source } = file;
    const header: Entry = { ...common, name, type: "file", mode: file.executable ? 0o755 : 0o644 };
    if (source.kind === "link") {
      await entryWritten(tar, { ...header, type: "symlink", mode: 0o777, linkname: source.target });
    } else if (source.kind === "bytes") {
      await entryWritten(tar, header, source.contents);
    } else if (source.bytes <= STREAMED_BYTES) {
      await entryWritten(tar, header, await wholeFile(file, source));
    } else {
      await streamFile(tar, { ...header, size: source.bytes }, file, source);
    }
  }
}

function entryWritten(tar: Pack, header: Entry, contents?: Uint8Array): Promise<void> {
  return new Promise((resolve, reject) => {
    const done = (error?: Error | null): void => (error ? reject(error) : resolve());
    if (contents === undefined) tar.entry(header, done);
    else tar.entry({ ...header, size: contents.length }, Buffer.from(contents), done);
  });
}

type FileOnDisk = { readonly path: string; readonly bytes: number };

async function wholeFile(file: PlannedFile, source: FileOnDisk): Promise<Uint8Array> {
  const contents = await readFile(source.path).catch((error: unknown) => {
    throw unreadable(file, source, error);
  });
  if (contents.length !== source.bytes) throw changed(file, source, contents.length);
  return contents;
}

async function streamFile(tar: Pack, header: Entry, file: PlannedFile, source: FileOnDisk): Promise<void> {
  const found = await stat(source.path).catch((error: unknown) => {
    throw unreadable(file, source, error);
  });
  if (found.size !== source.bytes) throw changed(file, source, found.size);
  const written = Promise.withResolvers<void>();
  const entry = tar.entry({ ...header, size: source.bytes }, (error) =>
    error ? written.reject(error) : written.resolve(),
  );
  written.promise.catch(() => undefined);
  let bytes = 0;
  for await (const chunk of createReadStream(source.path, { highWaterMark: CHUNK_BYTES })) {
    bytes += (chunk as Uint8Array).length;
    if (bytes > source.bytes) throw changed(file, source, bytes);
    if (!entry.write(chunk)) await drained(entry);
  }
  if (bytes !== source.bytes) throw changed(file, source, bytes);
  entry.end(undefined);
  await written.promise;
}

type Sink = ReturnType<Pack["entry"]>;

/** Resolves when an entry takes more. @throws Error when it never will, as nobody reads the tar any more */
function drained(entry: Sink): Promise<void> {
  return new Promise((resolve, reject) => {
    const drain = (): void => {
      entry.off("close", close);
      resolve();
    };
    const close = (): void => {
      entry.off("drain", drain);
      reject(new Error("the tar is closed"));
    };
    entry.once("drain", drain);
    entry.once("close", close);
  });
}

function unreadable(file: PlannedFile, { path }: FileOnDisk, cause: unknown): KtsError {
  return new KtsError("KTS_BUILD_INPUT", `${path} cannot be read, which is to be ${file.path}`, { cause });
}

function changed(file: PlannedFile, { path, bytes }: FileOnDisk, now: number): KtsError {
  const problem = `${path}, which is to be ${file.path}, had ${bytes} bytes when the build was planned and has ${now} now`;
  return new KtsError("KTS_BUILD_INPUT", problem, { hint: "Build again once it is no longer written to." });
}
