import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { startBackground } from "./background.ts";
import { program } from "./packages.ts";

/** A registry of its own, empty at first. */
export interface Registry extends AsyncDisposable {
  /** `127.0.0.1:40123`, as an image's name starts. Engines speak plain HTTP to loopback. */
  readonly address: string;
  readonly url: string;
  /** Where it keeps what was pushed: another registry may have it too. */
  readonly storage: string;
  /** The file of the users that it lets in; undefined: it asks nobody who they are. */
  readonly passwords: string | undefined;
  /** What it writes; one line a request. */
  log(): string;
  stop(): Promise<void>;
}

/** The user that a registry with authentication knows. */
export const REGISTRY_USER = { user: "builder", password: "correct-horse" } as const;

/** `htpasswd -nbB` of {@link REGISTRY_USER}, with few rounds, as it is checked with every request. */
const HTPASSWD = "builder:$2b$05$abcdefghijklmnopqrstuuZ0Fx87Pb/Aqb0E90lfvCwzXnaFKUHpS\n";

const START_TIMEOUT_MS = 15_000;

/**
 * Starts Debian's registry on a free port.
 * @param auth whether it asks for {@link REGISTRY_USER}
 * @returns or why it cannot
 */
export async function startRegistry(auth: "none" | "basic"): Promise<Registry | { readonly reason: string }> {
  const registry = await program("docker-registry");
  if ("reason" in registry) return registry;
  const folder = await mkdtemp(join(tmpdir(), "kserve-ts-registry-"));
  const config = join(folder, "config.json");
  const passwords = join(folder, "htpasswd");
  await writeFile(passwords, HTPASSWD);
  // JSON is YAML as well.
  await writeFile(config, JSON.stringify(configuration(folder, auth === "basic" ? passwords : undefined)));
  const daemon = startBackground(registry.path, ["serve", config], join(folder, "log"));
  const stop = async () => {
    await daemon.stop();
    await rm(folder, { recursive: true, force: true });
  };
  try {
    const [, port] = await daemon.until(/listening on (?:127\.0\.0\.1|\[::\]):(\d+)/, START_TIMEOUT_MS);
    const address = `127.0.0.1:${port}`;
    const storage = join(folder, "storage");
    return {
      ...{ address, url: `http://${address}`, storage, log: daemon.log, stop },
      passwords: auth === "basic" ? passwords : undefined,
      [Symbol.asyncDispose]: stop,
    };
  } catch (error) {
    await stop();
    throw error;
  }
}

function configuration(folder: string, passwords: string | undefined): object {
  return {
    version: "0.1",
    log: { level: "info", accesslog: { disabled: false } },
    storage: { filesystem: { rootdirectory: join(folder, "storage") }, delete: { enabled: true } },
    http: { addr: "127.0.0.1:0", secret: "of the tests" },
    ...(passwords !== undefined && { auth: { htpasswd: { realm: "tests", path: passwords } } }),
  };
}
