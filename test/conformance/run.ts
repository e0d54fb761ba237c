/**
 * Runs the vectors against any server: `node test/conformance/run.ts http://localhost:8080`, and those of
 * gRPC where its address follows: `localhost:8081`.
 * Vectors whose models the server does not have are left out. Ends with 1 when one fails.
 */
import { checkVector } from "./check-vector.ts";
import { exchange } from "./exchange.ts";
import { checkGrpcVector, loadGrpcVectors } from "./grpc.ts";
import { loadVectors } from "./load-vectors.ts";
import type { VectorModel } from "./vector.ts";

const [baseUrl, grpcAddress] = process.argv.slice(2);
if (baseUrl === undefined) {
  console.error("Usage: node test/conformance/run.ts BASE_URL [GRPC_ADDRESS]");
  process.exit(2);
}

const all = loadVectors().flatMap(({ file, vectors }) =>
  vectors.map((vector) => ({ file, vector, check: () => checkVector(baseUrl, vector) })),
);
const calls = (grpcAddress === undefined ? [] : loadGrpcVectors()).map((vector) => ({
  file: "grpc",
  vector,
  check: () => checkGrpcVector(grpcAddress as string, vector),
}));
const served = new Map<VectorModel, boolean>();
for (const model of new Set([...all, ...calls].flatMap(({ vector }) => vector.needs))) {
  const { status } = await exchange(baseUrl, { method: "GET", path: `/v2/models/${model}/ready` });
  served.set(model, status === 200);
}

let passed = 0;
let failed = 0;
let leftOut = 0;
for (const { file, vector, check } of [...all, ...calls]) {
  if (!vector.needs.every((model) => served.get(model))) {
    leftOut++;
    continue;
  }
  const problem = await check();
  if (problem === undefined) {
    passed++;
    continue;
  }
  failed++;
  console.log(`FAILED ${file}: ${vector.name}\n  ${vector.spec}: ${vector.why}\n  ${problem}\n`);
}

const models = [...served].filter(([, isServed]) => isServed).map(([model]) => model);
console.log(
  `${passed} passed, ${failed} failed, ${leftOut} left out (models here: ${models.join(", ") || "none"})`,
);
process.exitCode = failed === 0 ? 0 : 1;
