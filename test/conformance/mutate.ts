/** A request as bytes, before and after it was spoilt. */
export interface FuzzRequest {
  readonly path: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Buffer;
}

/** One way to spoil a request. `at` and `pick` are shares from 0 to 1: where, and with what. */
export interface Mutation {
  readonly kind: MutationKind;
  readonly at: number;
  readonly pick: number;
}

/** Values that tend to be forgotten. */
const VALUES: readonly unknown[] = [
  null,
  true,
  0,
  -1,
  0.5,
  1e308,
  -1e-320,
  2 ** 53,
  2 ** 32,
  "",
  "x",
  "__proto__",
  "NaN",
  "\ud800",
  "\u0000",
  [],
  {},
  [[]],
  [[[[[[[[1]]]]]]]],
  [null],
  { length: 4 },
  { b64: "AAAA" },
  { b64: 1 },
  { toString: 1 },
  { __proto__: null, constructor: {} },
  "FP64",
  "BYTES",
  "INT64",
  [1, 4],
  [0],
  [-1],
  [1e9, 1e9],
  "a".repeat(5_000),
  Array(500).fill(1),
];

/** Pieces of text that JSON readers trip over. */
const TOKENS: readonly string[] = [
  "NaN",
  "Infinity",
  "-",
  "1e999",
  "01",
  "1.",
  "\\",
  '"',
  "{",
  "[".repeat(300),
  "]",
  "}",
  ",",
  ":",
  "\u0000",
  "/*",
  "\\ud800",
  '"__proto__":{"polluted":1},',
  "99999999999999999999",
  "-0",
  "\ufeff",
];

const KEYS: readonly string[] = [
  "name",
  "shape",
  "datatype",
  "data",
  "parameters",
  "__proto__",
  "id",
  "x",
  "",
];

const HEADERS: readonly (readonly [string, string])[] = [
  ["inference-header-content-length", "0"],
  ["inference-header-content-length", "1"],
  ["inference-header-content-length", "60"],
  ["inference-header-content-length", "1e3"],
  ["inference-header-content-length", "-5"],
  ["inference-header-content-length", "99999999999999999999"],
  ["content-encoding", "gzip"],
  ["content-encoding", "deflate"],
  ["content-encoding", "br"],
  ["content-encoding", "gzip, gzip"],
  ["content-encoding", "identity"],
  ["content-type", "application/octet-stream"],
  ["content-type", "application/json;charset=utf-16"],
  ["content-type", "multipart/form-data"],
  ["content-type", ""],
  ["x-request-id", "\u00e9".repeat(300)],
  ["expect", "100-continue"],
  ["ce-specversion", "1.0"],
];

const PATHS: readonly ((path: string) => string)[] = [
  (path) => `${path}/`,
  (path) => `${path}?a=%zz&__proto__=1`,
  (path) => path.replace(/models\/[^/:]+/, "models/%2e%2e"),
  (path) => path.replace(/models\/[^/:]+/, "models/__proto__"),
  (path) => path.replace(/models\/[^/:]+/, "models/%00"),
  (path) => path.replace("/infer", "/versions/1/infer"),
  (path) => path.replace("/infer", "/versions/%E0%A4%A/infer"),
  (path) => path.replace(":predict", ":explain"),
  (path) => path.replace(":predict", "%3apredict"),
  (path) => `/${path}`,
  (path) => path.toUpperCase(),
];

function choose<T>(items: readonly T[], share: number): T {
  return items[Math.min(items.length - 1, Math.floor(share * items.length))] as T;
}

function splice(body: Buffer, from: number, until: number, middle: Uint8Array): Buffer {
  return Buffer.concat([body.subarray(0, from), middle, body.subarray(until)]);
}

const BYTE_MUTATIONS: Readonly<Record<string, (body: Buffer, at: number, pick: number) => Buffer>> = {
  flip: (body, at, pick) => splice(body, at, at + 1, Buffer.from([Math.floor(pick * 256)])),
  cut: (body, at) => body.subarray(0, at),
  remove: (body, at, pick) => splice(body, at, at + 1 + Math.floor(pick * 40), Buffer.alloc(0)),
  repeat: (body, at, pick) => splice(body, at, at, body.subarray(at, at + 1 + Math.floor(pick * 200))),
  token: (body, at, pick) => splice(body, at, at, Buffer.from(choose(TOKENS, pick))),
  zeros: (body, _at, pick) => Buffer.concat([body, Buffer.alloc(Math.floor(pick * 100))]),
};

const JSON_MUTATIONS: Readonly<Record<string, (holder: Holder, key: string, pick: number) => void>> = {
  value: (holder, key, pick) => void (holder[key] = choose(VALUES, pick)),
  drop: (holder, key) => void delete holder[key],
  member: (holder, _key, pick) =>
    void Object.defineProperty(holder, choose(KEYS, pick), {
      value: choose(VALUES, (pick * 7) % 1),
      enumerable: true,
      configurable: true,
      writable: true,
    }),
  wrap: (holder, key) => void (holder[key] = [holder[key]]),
};

type Holder = Record<string, unknown>;

/** How a request can be spoilt: its bytes, its JSON, its headers or its path. HTTP itself stays right. */
export const MUTATION_KINDS = [
  "flip",
  "cut",
  "remove",
  "repeat",
  "token",
  "zeros",
  "value",
  "drop",
  "member",
  "wrap",
  "header",
  "path",
] as const;

/** A way to spoil a request. */
export type MutationKind = (typeof MUTATION_KINDS)[number];

/** The request, spoilt. */
export function mutate(request: FuzzRequest, { kind, at, pick }: Mutation): FuzzRequest {
  if (kind === "path") return { ...request, path: choose(PATHS, pick)(request.path) };
  if (kind === "header") {
    const [name, value] = choose(HEADERS, pick);
    return { ...request, headers: { ...request.headers, [name]: value } };
  }
  const bytes = BYTE_MUTATIONS[kind];
  if (bytes !== undefined) {
    return { ...request, body: bytes(request.body, Math.floor(at * request.body.length), pick) };
  }
  return mutateJson(request, JSON_MUTATIONS[kind] as NonNullable<(typeof JSON_MUTATIONS)[string]>, at, pick);
}

const LENGTH_HEADER = "inference-header-content-length";

/** Changes a random place of the JSON part, and keeps the header in step with it. */
function mutateJson(
  request: FuzzRequest,
  change: (holder: Holder, key: string, pick: number) => void,
  at: number,
  pick: number,
): FuzzRequest {
  const { body, headers } = request;
  const length = headers[LENGTH_HEADER] === undefined ? body.length : Number(headers[LENGTH_HEADER]);
  let json: unknown;
  try {
    json = JSON.parse(body.toString("utf8", 0, length));
  } catch {
    return request;
  }
  const places = placesOf(json);
  if (places.length === 0) return request;
  const [holder, key] = choose(places, at);
  change(holder, key, pick);
  const head = Buffer.from(JSON.stringify(json));
  const inStep = headers[LENGTH_HEADER] === undefined ? {} : { [LENGTH_HEADER]: String(head.length) };
  return { ...request, headers: { ...headers, ...inStep }, body: splice(body, 0, length, head) };
}

function placesOf(value: unknown): (readonly [Holder, string])[] {
  if (typeof value !== "object" || value === null) return [];
  return Object.entries(value).flatMap(([key, member]) => [
    [value as Holder, key] as const,
    ...placesOf(member),
  ]);
}
