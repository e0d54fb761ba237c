import { resolve } from "node:path";
import { productVersion } from "../../runtime/product-version.ts";
import { grantedCpus } from "../../runtime/workers/cpus.ts";
import type { BenchCall } from "../commands/bench.ts";
import { readHeaders } from "../predict/headers.ts";
import { inputsOf, onlyModel } from "./ask-server.ts";
import { Pacer } from "./load/pacer.ts";
import { Measurer } from "./measure.ts";
import { type GrowingRun, type RunPlan, measureRun } from "./measure-run.ts";
import { type ProjectRequest, readRequests, requestsFor } from "./read-requests.ts";
import type { BenchMethod, BenchReport } from "./report/bench-report.ts";
import { warningsOf } from "./report/findings.ts";
import { machineFacts } from "./report/machine.ts";
import { stepText } from "./report/step-rows.ts";
import { OwnServer } from "./server/own-server.ts";
import { type BenchSettings, type ServerFacts, settingsText } from "./settings.ts";
import { type MeasuredSetting, suggest } from "./suggest.ts";
import { batchSettings, delaySettings, workerSettings } from "./sweep.ts";
import { type Traffic, checkTraffic, openTraffic } from "./traffic.ts";

const QUICK = { seconds: 2, repeats: 1, maxSteps: 8 };
const USUAL = { repeats: 3, maxSteps: 14 };
const SWEEP_STEPS = 10;
/** Answers of a step's end may take so much longer than the step. */
const LEAST_DRAIN_MS = 1_000;

/** One call of `bench`, from the first request to the report. */
export class BenchSession {
  readonly #call: BenchCall;
  readonly #signal: AbortSignal;
  readonly #startedAt = new Date().toISOString();
  readonly #method: BenchMethod;
  readonly #plan: RunPlan;
  readonly #headers: Readonly<Record<string, string>>;
  readonly #runs: GrowingRun[] = [];
  #examples: readonly ProjectRequest[] = [];
  #requests: Traffic["requests"] = [];
  #model = "";
  #url = "";

  /** @throws KtsError KTS_USAGE when a header is none */
  constructor(call: BenchCall, signal: AbortSignal) {
    const { options, given } = call;
    const { quick, sweep } = options;
    this.#call = call;
    this.#signal = signal;
    this.#headers = {
      ...readHeaders(options.header),
      ...(options.hostHeader !== undefined && { host: options.hostHeader }),
    };
    this.#method = {
      arrivals: options.arrivals,
      warmupSeconds: options.warmup,
      secondsPerStep: quick && !given.has("duration") ? QUICK.seconds : options.duration,
      connections: options.connections,
      timeoutMs: options.timeoutMs,
    };
    this.#plan = {
      rate: options.rate,
      goalMs: options.p99,
      repeats: quick ? QUICK.repeats : USUAL.repeats,
      maxSteps: quick ? QUICK.maxSteps : sweep ? SWEEP_STEPS : USUAL.maxSteps,
      connections: options.connections,
    };
  }

  /** Measures all that was asked for, or until the signal is aborted. @throws KtsError as `runBench` */
  async run(): Promise<void> {
    const { options, arguments: args } = this.#call;
    try {
      await using pacer = await Pacer.start();
      this.#examples = await readRequests(options.input, args.dir);
      if (options.url !== undefined) return await this.#measureAt(options.url, undefined, {}, pacer);
      const present = await this.#measureOwn({}, pacer);
      if (options.sweep && present !== undefined) await this.#sweep(present, pacer);
    } catch (error) {
      if (!this.#signal.aborted) throw error;
    }
  }

  /** What was measured so far. */
  report(): BenchReport {
    const { options } = this.#call;
    const suggestion = suggest(this.#measured);
    const report: BenchReport = {
      version: 1,
      product: `kserve-ts ${productVersion()}`,
      startedAt: this.#startedAt,
      model: this.#model,
      server: { url: this.#url, isOwn: options.url === undefined },
      protocol: options.protocol,
      requests: this.#requests,
      method: this.#method,
      machine: machineFacts(),
      goalP99Ms: options.p99 ?? null,
      runs: this.#runs,
      suggestion: suggestion ?? null,
      isInterrupted: this.#signal.aborted,
      warnings: [],
    };
    return { ...report, warnings: warningsOf(report) };
  }

  get #measured(): readonly MeasuredSetting[] {
    return this.#runs.flatMap(({ settings, server, knee }) =>
      server === null || knee === null ? [] : [{ settings, server, knee }],
    );
  }

  /** One thing after the other, each with the best so far: workers, batch sizes, delays. */
  async #sweep(present: ServerFacts, pacer: Pacer): Promise<void> {
    const goalMs = this.#plan.goalMs;
    const best = () => suggest(this.#measured)?.settings ?? {};
    for (const settings of workerSettings(present, grantedCpus())) await this.#measureOwn(settings, pacer);
    for (const settings of batchSettings(present, best())) await this.#measureOwn(settings, pacer);
    for (const settings of delaySettings(present, best(), goalMs)) await this.#measureOwn(settings, pacer);
  }

  async #measureOwn(settings: BenchSettings, pacer: Pacer): Promise<ServerFacts | undefined> {
    this.#say("starting the server");
    const served = resolve(this.#call.arguments.dir);
    await using server = await OwnServer.start(served, settings, this.#signal);
    const { facts } = server;
    const isGrpc = this.#call.options.protocol === "grpc";
    await this.#measureAt(isGrpc ? (facts.grpcAddress ?? "") : facts.url, server, settings, pacer);
    return facts;
  }

  async #measureAt(
    url: string,
    own: OwnServer | undefined,
    settings: BenchSettings,
    pacer: Pacer,
  ): Promise<void> {
    const { options } = this.#call;
    this.#url = url;
    const { protocol, connections, timeoutMs } = options;
    const headers = this.#headers;
    const isGrpc = protocol === "grpc";
    this.#model = options.model ?? own?.facts.model ?? (await onlyModel({ url, isGrpc, headers }));
    const model = this.#model;
    // An own server has REST beside it, whatever is measured.
    const asked =
      own === undefined ? { url, isGrpc, headers } : { url: own.facts.url, isGrpc: false, headers };
    const examples = await requestsFor(this.#examples, model, protocol, () => inputsOf(asked, model));
    using sent = openTraffic(examples, { url, model, protocol, headers, timeoutMs, connections });
    this.#requests = sent.requests;
    await checkTraffic(sent, this.#signal);
    const { warmupSeconds, secondsPerStep, arrivals } = this.#method;
    const windowMs = secondsPerStep * 1000;
    using measurer = new Measurer({
      traffic: sent,
      pacer,
      arrivals,
      warmupMs: warmupSeconds * 1000,
      windowMs,
      drainMs: Math.min(timeoutMs, Math.max(LEAST_DRAIN_MS, windowMs / 2)),
      signal: this.#signal,
      ...(own !== undefined && { serverCpuMs: () => own.cpuMs(this.#signal) }),
    });
    const run: GrowingRun = { settings, server: own?.facts ?? null, capacity: null, steps: [], knee: null };
    this.#runs.push(run);
    await measureRun(measurer, this.#plan, run, (doing, step) => this.#progress(run, doing, step));
  }

  #progress(run: GrowingRun, doing: string, step: GrowingRun["steps"][number] | undefined): void {
    const setting = run.server === null ? "" : `${settingsText(run.server)}: `;
    if (step !== undefined) this.#say(`${setting}${stepText(step)}`, true);
    else this.#say(`${setting}${doing}`);
  }

  /** On a terminal what goes on; elsewhere a line for each step, unless quiet was asked for. */
  #say(text: string, isStep = false): void {
    const { terminal } = this.#call;
    if (!terminal.hasStatus) {
      if (isStep) terminal.note(text);
      return;
    }
    const steps = this.#runs.reduce((sum, run) => sum + run.steps.length, 0);
    terminal.status(`${steps} ${steps === 1 ? "step" : "steps"} measured; ${text}`);
  }
}
