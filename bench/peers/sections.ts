import type { RequestName } from "../load/requests.ts";
import type { GrpcRequestName } from "./grpc-messages.ts";
import type { SubjectName, Work } from "./subjects.ts";

/** A comparison with the peers: one request, and who answers it. */
export interface PeerSection {
  readonly title: string;
  readonly work: Work;
  /** By gRPC when the name says so. */
  readonly request: RequestName | GrpcRequestName;
  readonly subjects: readonly SubjectName[];
  /** Connections; streams by gRPC. */
  readonly connections: readonly number[];
}

const OURS = ["ours, inline", "ours, worker"] as const;

/** Every comparison, by the name that `--only` takes. */
export const PEER_SECTIONS = {
  "small-v1": {
    title: "V1 JSON, 85 bytes, echoed",
    work: "echo",
    request: "small-v1",
    subjects: [...OURS, "node:http", "kserve", "fastapi"],
    connections: [8, 32],
  },
  "small-v2": {
    title: "V2 JSON, 10 numbers, echoed",
    work: "echo",
    request: "small-v2",
    subjects: [...OURS, "node:http", "kserve", "mlserver", "fastapi"],
    connections: [8, 32],
  },
  "grpc-small": {
    title: "gRPC, 10 numbers in raw contents, echoed",
    work: "echo",
    request: "grpc-small",
    subjects: [...OURS, "grpc-js", "kserve", "mlserver"],
    connections: [8, 32],
  },
  "grpc-image": {
    title: "gRPC, 602 KB in raw contents, answered with ten numbers",
    work: "first-ten",
    request: "grpc-image",
    subjects: [...OURS, "grpc-js", "kserve", "mlserver"],
    connections: [8],
  },
  bin: {
    title: "V2 binary, 602 KB, 3 x 224 x 224",
    work: "first-ten",
    request: "bin",
    subjects: [...OURS, "node:http", "fastapi", "kserve"],
    connections: [8],
  },
  large: {
    title: "V2 JSON, 1.5 MB, the same image",
    work: "first-ten",
    request: "large",
    subjects: [...OURS, "node:http", "fastapi", "kserve", "mlserver"],
    connections: [8],
  },
  iris: {
    title: "ONNX iris, V2 JSON",
    work: "iris",
    request: "iris-v2",
    subjects: ["ours, worker", "kserve", "mlserver", "fastapi"],
    connections: [32],
  },
  "grpc-iris": {
    title: "ONNX iris, gRPC, raw contents",
    work: "iris",
    request: "grpc-iris",
    subjects: ["ours, worker", "kserve", "mlserver"],
    connections: [32],
  },
} as const satisfies Record<string, PeerSection>;

/** A comparison's name. */
export type PeerSectionName = keyof typeof PEER_SECTIONS;

/** The figures to reach: our rate at least so many times another's, within each round. */
export interface PeerTarget {
  readonly section: PeerSectionName;
  readonly ours: SubjectName;
  /** Several: the fastest of them in each round. */
  readonly to: readonly SubjectName[];
  readonly atLeast: number;
  readonly connections: readonly number[];
}

const SMALL = ["small-v1", "small-v2", "grpc-small"] as const;

export const PEER_TARGETS: readonly PeerTarget[] = [
  { section: "grpc-small", ours: "ours, inline", to: ["grpc-js"], atLeast: 1.3, connections: [8, 32] },
  { section: "grpc-image", ours: "ours, inline", to: ["kserve"], atLeast: 2.5, connections: [8] },
  { section: "grpc-image", ours: "ours, worker", to: ["kserve"], atLeast: 2.5, connections: [8] },
  { section: "bin", ours: "ours, inline", to: ["fastapi"], atLeast: 2.2, connections: [8] },
  { section: "bin", ours: "ours, worker", to: ["fastapi"], atLeast: 2.2, connections: [8] },
  { section: "large", ours: "ours, inline", to: ["fastapi"], atLeast: 2, connections: [8] },
  { section: "large", ours: "ours, worker", to: ["fastapi"], atLeast: 2, connections: [8] },
  ...SMALL.flatMap((section): PeerTarget[] => [
    { section, ours: "ours, inline", to: ["kserve"], atLeast: 10, connections: [8, 32] },
    { section, ours: "ours, worker", to: ["kserve"], atLeast: 8, connections: [8, 32] },
  ]),
  {
    section: "iris",
    ours: "ours, worker",
    to: ["kserve", "mlserver", "fastapi"],
    atLeast: 4,
    connections: [32],
  },
];

/** Peak memory of ours while it takes images by gRPC. */
export const GRPC_PEAK_MB = 250;
/** Of one row at a time through `session.run`, and of ours with batching off. */
export const BATCHED_TO_DIRECT = 0.8;
export const BATCHED_TO_UNBATCHED = 2.5;
/** The Python kserve server's, divided by ours. */
export const COLD_START_RATIO = 10;
/** Ours, divided by the Python kserve server's. */
export const IDLE_RATIO = 0.8;
