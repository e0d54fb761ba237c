import { randomBytes } from "node:crypto";

/** Headers as either transport has them: names in lower case. */
export type HeaderBag = Readonly<Record<string, string | readonly string[] | undefined>>;

/** The span of the caller, as headers tell it. */
export interface TraceParent {
  /** 32 hexadecimal digits. */
  readonly traceId: string;
  /** 16 hexadecimal digits. */
  readonly spanId: string;
  readonly sampled: boolean;
  /** W3C `tracestate` as it came. */
  readonly traceState: string | undefined;
}

/** A span to be told to whoever is called next. */
export interface OutgoingSpan extends TraceParent {
  /** The forms of B3 that the caller speaks, and so perhaps the next one too. W3C is always told. */
  readonly b3: B3Forms;
}

/** Which forms of B3 a request has. */
export interface B3Forms {
  readonly single: boolean;
  readonly multi: boolean;
}

const W3C = /^([0-9a-f]{2})-([0-9a-f]{32})-([0-9a-f]{16})-([0-9a-f]{2})(-.*)?$/;
const B3 = /^([0-9a-f]{16}|[0-9a-f]{32})-([0-9a-f]{16})(?:-([01d]))?(?:-[0-9a-f]{16})?$/i;
const NOTHING = /^0+$/;

/**
 * The caller's span: of W3C Trace Context, else of B3 in one header, else of B3 in several. What is malformed is as
 * good as absent, since a trace must never fail a request.
 */
export function readTraceParent(headers: HeaderBag): TraceParent | undefined {
  return readW3c(headers) ?? readB3Single(headers) ?? readB3Multi(headers);
}

/** Which forms of B3 a request has. */
export function b3FormsOf(headers: HeaderBag): B3Forms {
  return { single: headers["b3"] !== undefined, multi: headers["x-b3-traceid"] !== undefined };
}

/** Writes a span into headers; those of another span are replaced. */
export function writeTraceContext(headers: Record<string, string>, span: OutgoingSpan): void {
  const { traceId, spanId, sampled, traceState, b3 } = span;
  headers["traceparent"] = `00-${traceId}-${spanId}-${sampled ? "01" : "00"}`;
  if (traceState !== undefined && traceState !== "") headers["tracestate"] = traceState;
  else delete headers["tracestate"];
  if (b3.single) headers["b3"] = `${traceId}-${spanId}-${sampled ? "1" : "0"}`;
  if (!b3.multi) return;
  headers["x-b3-traceid"] = traceId;
  headers["x-b3-spanid"] = spanId;
  headers["x-b3-sampled"] = sampled ? "1" : "0";
  delete headers["x-b3-parentspanid"];
  delete headers["x-b3-flags"];
}

function readW3c(headers: HeaderBag): TraceParent | undefined {
  const [, version = "", traceId = "", spanId = "", flags = "", more] =
    W3C.exec(text(headers, "traceparent")) ?? [];
  if (version === "" || version === "ff" || (version === "00" && more !== undefined)) return undefined;
  const sampled = (Number.parseInt(flags, 16) & 1) === 1;
  return checked(traceId, spanId, sampled, text(headers, "tracestate"));
}

function readB3Single(headers: HeaderBag): TraceParent | undefined {
  const header = text(headers, "b3");
  if (header === "0") return refused();
  const [, traceId = "", spanId = "", decision] = B3.exec(header) ?? [];
  return checked(traceId, spanId, decision !== "0");
}

/** Without a decision it is left to us, as the B3 specification has it; then the trace is worth joining. */
function readB3Multi(headers: HeaderBag): TraceParent | undefined {
  const decision = text(headers, "x-b3-sampled").toLowerCase();
  const sampled = text(headers, "x-b3-flags") === "1" || (decision !== "0" && decision !== "false");
  const traceId = text(headers, "x-b3-traceid");
  if (traceId === "") return sampled ? undefined : refused();
  const [, , spanId = ""] = B3.exec(`${traceId}-${text(headers, "x-b3-spanid")}`) ?? [];
  return checked(traceId, spanId, sampled);
}

function checked(
  traceId: string,
  spanId: string,
  sampled: boolean,
  traceState = "",
): TraceParent | undefined {
  if (traceId === "" || spanId === "" || NOTHING.test(traceId) || NOTHING.test(spanId)) return undefined;
  return {
    traceId: traceId.toLowerCase().padStart(32, "0"),
    spanId: spanId.toLowerCase(),
    sampled,
    traceState: traceState === "" ? undefined : traceState,
  };
}

/** A caller that says "do not trace" and no more: a parent that nobody records has the same effect. */
function refused(): TraceParent {
  return {
    traceId: randomBytes(16).toString("hex"),
    spanId: randomBytes(8).toString("hex"),
    sampled: false,
    traceState: undefined,
  };
}

function text(headers: HeaderBag, name: string): string {
  const value = headers[name];
  return typeof value === "string" ? value.trim() : (value?.[0]?.trim() ?? "");
}
