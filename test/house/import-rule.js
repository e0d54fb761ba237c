import { dirname, relative, resolve } from "node:path";

/** Which of our top folders each may import: the house's structure, as an executable rule. */
export const MAY_IMPORT = {
  contract: [],
  protocol: ["contract"],
  client: ["contract", "protocol"],
  runtime: ["contract", "protocol", "client"],
  builder: ["contract"],
  deployer: ["contract"],
  cli: ["contract", "protocol", "client", "runtime", "builder", "deployer"],
};

/** Heavy packages, and the only folders or files that may know them. */
export const PACKAGE_HOMES = {
  express: ["runtime/http"],
  "onnxruntime-node": ["runtime/engines"],
  "@tensorflow/tfjs-node": ["runtime/engines"],
  "@tensorflow/tfjs-core": ["runtime/engines"],
  "@tensorflow/tfjs-converter": ["runtime/engines"],
  "@tensorflow/tfjs-layers": ["runtime/engines"],
  "@tensorflow/tfjs-backend-wasm": ["runtime/engines"],
  dockerode: ["builder/docker"],
  ws: ["deployer/cluster"],
  "@aws-sdk/client-s3": ["deployer/storage/s3.ts"],
  "google-auth-library": ["deployer/storage/gcs.ts"],
  "@azure/storage-blob": ["deployer/storage/azure.ts"],
  "@azure/identity": ["deployer/storage/azure-credentials.ts"],
  zod: ["deployer"],
  yaml: ["deployer", "runtime/config", "cli/deploy"],
  "@opentelemetry/api": ["runtime/telemetry"],
  "@grpc/grpc-js": ["runtime/grpc", "client/grpc"],
};

/**
 * Why a file may not import a specifier; undefined when it may.
 * @param {string} file the importing file, relative to the repository, with `/`
 * @param {string} specifier what it imports
 * @param {boolean} typeOnly types vanish when the program runs, so a package's types may be named anywhere
 */
export function importProblem(file, specifier, typeOnly) {
  const home = file.split("/")[0] ?? "";
  const allowed = MAY_IMPORT[home];
  if (allowed === undefined) return undefined;
  if (specifier.startsWith(".")) {
    const target = relative(".", resolve(dirname(file), specifier)).split("/")[0] ?? "";
    if (target === home || allowed.includes(target)) return undefined;
    return `${home}/ may import ${allowed.length ? allowed.join(", ") : "nothing of ours"}, not ${target}/`;
  }
  const homes = PACKAGE_HOMES[specifier];
  if (homes === undefined || typeOnly || homes.some((one) => isWithin(file, one))) return undefined;
  return `${specifier} is imported only in ${homes.join(" and ")}`;
}

/** Whether a file is in a folder, or is the one that is named. */
function isWithin(file, home) {
  return file === home || file.startsWith(`${home}/`);
}

/** ESLint rule: static and dynamic imports keep to the house's structure. */
export const importRule = {
  meta: { type: "problem", schema: [] },
  create(context) {
    const file = relative(context.cwd, context.filename).replaceAll("\\", "/");
    const check = (node, source, typeOnly) => {
      if (typeof source?.value !== "string") return;
      const problem = importProblem(file, source.value, typeOnly);
      if (problem !== undefined) context.report({ node, message: problem });
    };
    return {
      ImportDeclaration: (node) => check(node, node.source, node.importKind === "type"),
      ExportNamedDeclaration: (node) => check(node, node.source, node.exportKind === "type"),
      ExportAllDeclaration: (node) => check(node, node.source, node.exportKind === "type"),
      ImportExpression: (node) => check(node, node.source, false),
    };
  },
};
