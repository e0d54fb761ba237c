import { existsSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { compiledBaseline } from "./compile.ts";
import { MODEL_NAME } from "../load/http-post.ts";
import { modelFolder } from "../load/fixture-requests.ts";

/** The servers that are compared. `direct-*` are no servers, but the loop around the model itself. */
export type ServerKind =
  | "bare"
  | "express"
  | "echo-inline"
  | "echo-worker"
  | "echo-typescript"
  | "first-ten-inline"
  | "first-ten-worker"
  | "busy"
  | "mortal"
  | "mixed"
  | "iris"
  | "digits"
  | "direct-iris"
  | "direct-digits";

/** Our server as it is shipped, or straight from its sources. */
export type OwnServer = "dist" | "source";

/** Further flags of our server, or other values of those it has. */
export type Flags = Readonly<Record<string, string | number>>;

/** The arguments of Node that run a server on a port. */
export function serverArguments(
  kind: ServerKind,
  port: number,
  own: OwnServer,
  flags: Flags = {},
): readonly string[] {
  switch (kind) {
    case "bare":
    case "express":
      return [compiledBaseline(kind), String(port)];
    case "direct-iris":
    case "direct-digits":
      return [local("./direct-loop.ts"), kind === "direct-iris" ? "iris-onnx" : "digits-onnx"];
    case "iris":
    case "digits":
      return serve(modelFolder(`${kind}-onnx`), port, own, flags);
    default:
      return serve(local(`../predictors/${kind}`), port, own, flags);
  }
}

/** The arguments of Node that serve any folder with our server. */
export function serve(folder: string, port: number, own: OwnServer, more: Flags): readonly string[] {
  const flags = {
    "--http_port": port,
    "--grpc_port": 0,
    "--model_name": MODEL_NAME,
    "--log_level": "error",
    "--workers": 1,
    "--intra_op_threads": 1,
    ...more,
  };
  return [
    entryPoint(own),
    "serve",
    folder,
    ...Object.entries(flags).flatMap(([flag, value]) => [flag, String(value)]),
  ];
}

/** The file that the bin runs. */
export function entryPoint(own: OwnServer): string {
  return local(own === "dist" ? "../../dist/kserve-ts.js" : "../../cli/main.ts");
}

/** Whether the built server is there. */
export function isBuilt(): boolean {
  return existsSync(entryPoint("dist"));
}

function local(path: string): string {
  return fileURLToPath(new URL(path, import.meta.url));
}
