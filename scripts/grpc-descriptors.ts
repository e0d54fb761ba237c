/**
 * Writes protocol/grpc/descriptors.ts from the .proto files, which is what gRPC reflection answers with.
 * Needs protoc: PROTOC="python3 -m grpc_tools.protoc" takes that of the Python package grpcio-tools.
 */
import { execFileSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

const PROTO_FOLDER = new URL("../protocol/grpc/proto/", import.meta.url).pathname;
const TARGET = new URL("../protocol/grpc/descriptors.ts", import.meta.url).pathname;

/** The files, by the names that clients ask for them. */
const PROTO_FILES = [
  "grpc_predict_v2.proto",
  "grpc/health/v1/health.proto",
  "grpc/reflection/v1/reflection.proto",
  "grpc/reflection/v1alpha/reflection.proto",
];
const LINE = 100;

/** The FileDescriptorSet of our files, made by protoc. */
function compile(): Buffer {
  const [command = "protoc", ...options] = (process.env["PROTOC"] ?? "protoc").split(" ");
  const folder = mkdtempSync(join(tmpdir(), "kserve-ts-protoc-"));
  try {
    const out = join(folder, "set.bin");
    execFileSync(command, [...options, `-I${PROTO_FOLDER}`, `--descriptor_set_out=${out}`, ...PROTO_FILES]);
    return readFileSync(out);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** The module's text. */
function moduleText(set: Buffer): string {
  const lines = set.toString("base64").match(new RegExp(`.{1,${LINE}}`, "g")) ?? [];
  return `/*
 * Generated from the files in proto/ by scripts/grpc-descriptors.ts: do not edit.
 */

/** The serialized google.protobuf.FileDescriptorSet of all files in proto/, as base64. */
export const DESCRIPTOR_SET =
${lines.map((line) => `  "${line}"`).join(" +\n")};
`;
}

const text = moduleText(compile());
if (process.argv.includes("--check")) {
  if (readFileSync(TARGET, "utf8") === text) process.exit(0);
  process.stderr.write("protocol/grpc/descriptors.ts is not what protoc makes of the .proto files\n");
  process.exit(1);
}
writeFileSync(TARGET, text);
