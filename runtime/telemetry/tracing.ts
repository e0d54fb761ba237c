import type * as Api from "@opentelemetry/api";
import type { Verb } from "../../contract/inference.ts";
import type { StageTimings } from "../pipeline/executor.ts";
import {
  type B3Forms,
  type HeaderBag,
  b3FormsOf,
  readTraceParent,
  writeTraceContext,
} from "./trace-context.ts";

/** OpenTelemetry's API, which is loaded only where tracing is on. */
export type TracingApi = typeof Api;

/** What a span says of a call beside its name. */
export type CallAttributes = Readonly<Record<string, string | number | boolean>>;

/** Times that a stage took less than are not worth a span. */
const LEAST_MS = 0.001;

/**
 * Makes a span of each call, joined to the caller's trace. It knows no transport: HTTP and gRPC give it headers (or
 * metadata as such) and take headers back. Where tracing is off there is none, and nobody asks.
 */
export class Tracing implements AsyncDisposable {
  readonly #api: TracingApi;
  readonly #tracer: Api.Tracer;
  readonly #shutdown: () => Promise<void>;

  /** @param shutdown sends what has not been sent yet */
  constructor(api: TracingApi, version: string, shutdown: () => Promise<void>) {
    this.#api = api;
    this.#tracer = api.trace.getTracer("kserve-ts", version);
    this.#shutdown = shutdown;
  }

  /**
   * Starts the span of a call that came in.
   * @param name such as `POST /v1/models/{name}:predict`: one for each kind of call, never with what varies
   * @param headers the call's, names in lower case: W3C Trace Context or B3 in them make the caller's span the parent
   * @param startedAt by `performance.now()`
   */
  startCall(name: string, headers: HeaderBag, attributes: CallAttributes, startedAt: number): CallSpan {
    const api = this.#api;
    const parent = readTraceParent(headers);
    let context = api.ROOT_CONTEXT;
    if (parent !== undefined) {
      const { traceId, spanId, sampled, traceState } = parent;
      context = api.trace.setSpanContext(context, {
        traceId,
        spanId,
        isRemote: true,
        traceFlags: sampled ? api.TraceFlags.SAMPLED : api.TraceFlags.NONE,
        ...(traceState !== undefined && { traceState: api.createTraceState(traceState) }),
      });
    }
    const kind = api.SpanKind.SERVER;
    const span = this.#tracer.startSpan(name, { kind, attributes, startTime: epochMs(startedAt) }, context);
    return new CallSpan(api, this.#tracer, span, context, b3FormsOf(headers));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#shutdown();
  }
}

/** The span of one call. */
export class CallSpan {
  readonly #api: TracingApi;
  readonly #tracer: Api.Tracer;
  readonly #span: Api.Span;
  readonly #context: Api.Context;
  readonly #b3: B3Forms;

  constructor(api: TracingApi, tracer: Api.Tracer, span: Api.Span, context: Api.Context, b3: B3Forms) {
    this.#api = api;
    this.#tracer = tracer;
    this.#span = span;
    this.#context = api.trace.setSpan(context, span);
    this.#b3 = b3;
  }

  /** For log lines. */
  get traceId(): string {
    return this.#span.spanContext().traceId;
  }

  /** Tells this span to whoever is called with these headers, in W3C's form and in those that the caller used. */
  inject(headers: Record<string, string>): void {
    const { traceId, spanId, traceFlags, traceState } = this.#span.spanContext();
    const sampled = (traceFlags & this.#api.TraceFlags.SAMPLED) !== 0;
    writeTraceContext(headers, {
      traceId,
      spanId,
      sampled,
      traceState: traceState?.serialize(),
      b3: this.#b3,
    });
  }

  /** The call's own headers with this span in place of the caller's: what is called on behalf of it joins the trace. */
  headersFor(headers: Readonly<Record<string, string>>): Record<string, string> {
    const copy = { ...headers };
    this.inject(copy);
    return copy;
  }

  /**
   * Adds a span for each stage of a call that has just ended.
   * @param endedAt when, by `performance.now()`
   */
  ran(verb: Verb, timings: StageTimings, endedAt: number): void {
    if (!this.#span.isRecording()) return;
    const stages = [
      ["queue", timings.queue],
      ["preProcess", timings.preProcess],
      [verb, timings.predict],
      ["postProcess", timings.postProcess],
    ] as const;
    let at = endedAt;
    for (const [, ms] of stages) at -= ms;
    for (const [name, ms] of stages) {
      if (ms >= LEAST_MS) {
        this.#tracer.startSpan(name, { startTime: epochMs(at) }, this.#context).end(epochMs(at + ms));
      }
      at += ms;
    }
  }

  /** Notes what went wrong; of the server's own failures the span is marked. */
  failed(message: string, isOurs: boolean): void {
    this.#span.setAttribute("error.message", message);
    if (isOurs) this.#span.setStatus({ code: this.#api.SpanStatusCode.ERROR, message });
  }

  /** Ends the span. Doing so twice does no harm. */
  end(attributes: CallAttributes): void {
    if (!this.#span.isRecording()) return;
    this.#span.setAttributes(attributes);
    this.#span.end();
  }
}

function epochMs(performanceNow: number): number {
  return performance.timeOrigin + performanceNow;
}
