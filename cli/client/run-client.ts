import { readFile } from "node:fs/promises";
import { KtsError, messageOf } from "../../contract/errors.ts";
import type { ClientCall } from "../commands/client.ts";
import type { ReachCall } from "../reach/reach-options.ts";
import { checkOneServer } from "../reach/reach-server.ts";
import { type Worked, withServer } from "../reach/with-server.ts";
import { writeNamedFile } from "../write-named-file.ts";
import type { ModelShape } from "./model-shape.ts";
import { saysTheSame } from "./same-code.ts";
import { clientText } from "./write-client.ts";

/**
 * Writes a client, or tells whether one is up to date.
 * @throws KtsError KTS_USAGE when a file is missing or cannot be written; what starting or reaching the server throws
 */
export async function runClient(call: ClientCall): Promise<number> {
  const { options, terminal } = call;
  const { out, check } = options;
  if (check && out === undefined) {
    throw new KtsError("KTS_USAGE", "--check needs --out", { hint: "Name the file that is to be checked." });
  }
  const reach: ReachCall = { ...call, options: { ...options, grpc: undefined } };
  checkOneServer(reach);
  const worked = await shapesOf(reach);
  if ("exitCode" in worked) return worked.exitCode;
  const shapes = worked.value;
  const text = clientText(shapes);
  if (out === undefined) {
    terminal.print(text.trimEnd());
    return 0;
  }
  const old = await readOld(out);
  const isSame = old !== undefined && saysTheSame(old, text);
  const names = shapes
    .map(({ name }) => name)
    .toSorted()
    .join(", ");
  if (isSame) terminal.print(`${out} is up to date: the client of ${names}`);
  else if (check)
    terminal.print(old === undefined ? `${out} is not there` : `${out} is out of date: ${names}`);
  else {
    await writeNamedFile("--out", out, text);
    terminal.print(`Wrote ${out}: the client of ${names}`);
  }
  return check && !isSame ? 1 : 0;
}

async function shapesOf(call: ReachCall): Promise<Worked<readonly ModelShape[]>> {
  const { image, model, timeoutMs } = call.options;
  if (image !== undefined) {
    const { shapeOfImage } = await import("./shape-of-image.ts");
    const shape = await shapeOfImage(image, call.env);
    if (shape !== undefined) return { value: [shape] };
  }
  const { shapesOfServer } = await import("./shapes-of-server.ts");
  return withServer(call, { grpc: false }, (server) => {
    return shapesOfServer(server, model ?? server.modelName, timeoutMs);
  });
}

async function readOld(path: string): Promise<string | undefined> {
  try {
    return await readFile(path, "utf8");
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return undefined;
    throw new KtsError("KTS_USAGE", `--out ${path} cannot be read: ${messageOf(error)}`, { cause: error });
  }
}
