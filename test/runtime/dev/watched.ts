import { cp, mkdir, mkdtemp, rename, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import type { CreateServerOptions } from "../../../runtime/index.ts";
import type { WatchEvent } from "../../../runtime/dev/watch-event.ts";
import { type TestServer, postJson, serveFolder } from "../serving.ts";

const CONTRACT = new URL("../../../contract/index.ts", import.meta.url).href;
const MODELS = new URL("../../fixtures/models/", import.meta.url).pathname;

/** A project's folder for one test. */
export interface Project extends AsyncDisposable {
  readonly path: string;
  /** Writes files as they are, in place; `kserve-ts` in a module's imports is this checkout's contract. */
  write(files: Readonly<Record<string, string>>): Promise<void>;
  /** Writes a file as most editors do: another one, which then takes its place. */
  save(file: string, text: string): Promise<void>;
  remove(file: string): Promise<void>;
  /** Copies a file of test/fixtures/models. */
  copyModel(from: string, to: string): Promise<void>;
}

/** Lays out a project whose model is called `m`. */
export async function projectOf(files: Readonly<Record<string, string>>): Promise<Project> {
  const parent = await mkdtemp(join(tmpdir(), "kserve-ts-watch-"));
  const path = join(parent, "m");
  const own = (text: string) => text.replaceAll('"kserve-ts"', JSON.stringify(CONTRACT));
  const project: Project = {
    path,
    async write(more) {
      for (const [name, text] of Object.entries(more)) {
        await mkdir(dirname(join(path, name)), { recursive: true });
        await writeFile(join(path, name), own(text));
      }
    },
    async save(file, text) {
      const beside = join(path, `.${file.replaceAll("/", "-")}.new`);
      await writeFile(beside, own(text));
      await rename(beside, join(path, file));
    },
    remove: (file) => rm(join(path, file)),
    async copyModel(from, to) {
      await mkdir(dirname(join(path, to)), { recursive: true });
      await cp(join(MODELS, from), join(path, to));
    },
    [Symbol.asyncDispose]: () => rm(parent, { recursive: true, force: true }),
  };
  await mkdir(path);
  await project.write(files);
  return project;
}

/** A server that watches, and what it has told. */
export interface WatchingServer extends TestServer {
  readonly events: readonly WatchEvent[];
  /** Waits for an event that has not been waited for yet, of a kind. */
  next<K extends WatchEvent["kind"]>(kind: K): Promise<Extract<WatchEvent, { kind: K }>>;
}

/** Serves a project and watches it. */
export async function watchProject(
  project: Pick<Project, "path">,
  extras: CreateServerOptions = {},
): Promise<WatchingServer> {
  const events: WatchEvent[] = [];
  let read = 0;
  let wake = () => undefined as void;
  const server = await serveFolder(project.path, {
    ...extras,
    watch(event) {
      events.push(event);
      wake();
    },
  });
  return Object.assign(server, {
    events,
    async next<K extends WatchEvent["kind"]>(kind: K): Promise<Extract<WatchEvent, { kind: K }>> {
      for (;;) {
        while (read < events.length) {
          const event = events[read++];
          if (event?.kind === kind) return event as Extract<WatchEvent, { kind: K }>;
        }
        await new Promise<void>((resolve) => (wake = resolve));
      }
    },
  });
}

/** What a model answers to one instance; the status and body where it does not. */
export async function ask(
  server: Pick<TestServer, "url">,
  name = "m",
  instance: unknown = 1,
): Promise<unknown> {
  const { status, body } = await postJson(server, `/v1/models/${name}:predict`, { instances: [instance] });
  return status === 200 ? (body as { predictions: unknown[] }).predictions[0] : [status, body];
}

/** Asks over and over until told to stop; every answer is kept. */
export function traffic(server: Pick<TestServer, "url">, name = "m", clients = 4, instance: unknown = 1) {
  const answers: unknown[] = [];
  let going = true;
  const ended = Promise.all(
    Array.from({ length: clients }, async () => {
      while (going) answers.push(await ask(server, name, instance));
    }),
  );
  return {
    answers,
    async stop(): Promise<readonly unknown[]> {
      going = false;
      await ended;
      return answers;
    },
  };
}

/** A predictor that answers every instance with a text. */
export function says(text: string): string {
  return `export const predict = (_model: unknown, instances: unknown[]) => instances.map(() => ${JSON.stringify(text)});\n`;
}
