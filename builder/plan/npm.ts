import { spawn } from "node:child_process";
import { once } from "node:events";
import { KtsError } from "../../contract/errors.ts";

/** Lines of npm's that an error shows. */
const LAST_LINES = 20;

/** How npm is run. */
export interface NpmCall {
  readonly cwd: string;
  readonly signal: AbortSignal | undefined;
  /** Takes each line that npm prints. */
  readonly say: (line: string) => void;
}

/**
 * Runs npm to its end.
 * @throws KtsError KTS_BUILD_FAILED with its last lines; KTS_CANCELLED when the signal is aborted
 */
export async function runNpm(args: readonly string[], { cwd, signal, say }: NpmCall): Promise<void> {
  const lines: string[] = [];
  const npm = spawn("npm", args, {
    cwd,
    stdio: ["ignore", "pipe", "pipe"],
    env: { ...process.env, npm_config_update_notifier: "false" },
    ...(signal !== undefined && { signal }),
  });
  for (const stream of [npm.stdout, npm.stderr]) {
    let rest = "";
    stream.setEncoding("utf8").on("data", (text: string) => {
      const parts = (rest + text).split("\n");
      rest = parts.pop() ?? "";
      for (const line of parts.filter((each) => each.trim() !== "")) {
        lines.push(line);
        say(line);
      }
    });
  }
  try {
    const [exitCode] = (await once(npm, "close")) as [number | null];
    if (exitCode === 0) return;
  } catch (error) {
    if (signal?.aborted === true)
      throw new KtsError("KTS_CANCELLED", "the build was cancelled", { cause: error });
    throw new KtsError("KTS_BUILD_FAILED", `npm cannot be run: ${(error as Error).message}`, {
      cause: error,
      hint: "Install npm, which comes with Node, or put it into PATH.",
    });
  }
  if (signal?.aborted === true) throw new KtsError("KTS_CANCELLED", "the build was cancelled");
  const last = lines.slice(-LAST_LINES).map((line) => `  ${line}`);
  throw new KtsError("KTS_BUILD_FAILED", ["npm could not install the dependencies:", ...last].join("\n"), {
    hint: "Correct what npm says; npm ping shows whether the registry is reached.",
  });
}
