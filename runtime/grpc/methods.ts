import type { GrpcServices } from "./grpc-services.ts";
import { HealthService } from "./health.ts";
import { inferenceMethods } from "./inference-service.ts";
import { reflect } from "./reflection.ts";
import type { StreamingMethod } from "./streaming-call.ts";
import type { UnaryMethod } from "./unary-call.ts";

/** How a method is answered. ModelInfer has a way of its own, and so has ModelStreamInfer. */
export type GrpcMethod =
  | { readonly kind: "infer" }
  | { readonly kind: "stream-infer" }
  | { readonly kind: "unary"; readonly answer: UnaryMethod }
  | { readonly kind: "streaming"; readonly open: StreamingMethod };

const INFERENCE = "/inference.GRPCInferenceService/";
const HEALTH = "/grpc.health.v1.Health/";
const REFLECTION = ["v1", "v1alpha"].map((version) => `/grpc.reflection.${version}.ServerReflection/`);

/** Every method by its path. */
export function createMethods(services: GrpcServices): ReadonlyMap<string, GrpcMethod> {
  const methods = new Map<string, GrpcMethod>([
    [`${INFERENCE}ModelInfer`, { kind: "infer" }],
    [`${INFERENCE}ModelStreamInfer`, { kind: "stream-infer" }],
  ]);
  const unary = (path: string, answer: UnaryMethod) => methods.set(path, { kind: "unary", answer });
  const streaming = (path: string, open: StreamingMethod) => methods.set(path, { kind: "streaming", open });
  for (const [name, answer] of Object.entries(inferenceMethods(services))) unary(INFERENCE + name, answer);
  const health = new HealthService(services);
  unary(`${HEALTH}Check`, (message) => health.check(message));
  unary(`${HEALTH}List`, () => health.list());
  streaming(`${HEALTH}Watch`, (call) => health.watch(call));
  for (const service of REFLECTION) streaming(`${service}ServerReflectionInfo`, reflect);
  return methods;
}
