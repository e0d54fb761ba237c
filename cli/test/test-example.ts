import type { CompareOptions } from "../../contract/answers/compare-answers.ts";
import type { Tolerance } from "../../contract/answers/same-value.ts";
import { expectedFailure } from "../../contract/answers/expected-failure.ts";
import type { Example } from "../examples/read-examples.ts";
import { type TestAnswer, askOverGrpc, askWithBytes, askWithText } from "./ask.ts";
import { askForStream } from "./ask-stream.ts";
import { type Measure, judgeAnswer, judgeFailure, timed } from "./judge.ts";
import type { ModelFacts } from "./model-facts.ts";
import type { ReachedServer } from "../reach/reached-server.ts";
import type { TestProtocol } from "./protocols.ts";
import { type Origin, type TestRequests, requestsOf } from "./requests.ts";
import type { ExampleResult, ExpectedState, Outcome } from "./results.ts";
import { type Update, updateExpected } from "./update-expected.ts";

/** How examples are tested. */
export interface TestSettings {
  readonly protocols: readonly TestProtocol[];
  readonly tolerance: Tolerance;
  /** Differences that are told one by one, of each answer. */
  readonly mostDifferences: number;
  /** Whether expected answers are written as the model answers now. */
  readonly update: boolean;
}

/** Asks for an example over every protocol that can say it, and compares what comes with each other and with what must come. */
export async function testExample(
  place: ReachedServer,
  example: Example,
  facts: ModelFacts,
  settings: TestSettings,
): Promise<ExampleResult> {
  const requests = requestsOf(example, facts.inputs);
  const outcomes = new Map<TestProtocol, Outcome>();
  let failure = expectedFailure(example.expected);
  let measure: Measure | undefined =
    example.expected === undefined ? undefined : { body: example.expected, from: "expected" };
  let update: Update = { state: example.expected === undefined ? "none" : "given", change: undefined };
  // What the others are compared with comes first.
  const order = settings.protocols.toSorted(
    (a, b) => Number(b === example.protocol) - Number(a === example.protocol),
  );
  for (const protocol of order) {
    const request = prepare(place, protocol, facts, requests, example.protocol);
    if ("reason" in request) {
      outcomes.set(protocol, { kind: "not-applicable", reason: request.reason });
      continue;
    }
    const { origin } = request;
    const isOwn = protocol === example.protocol;
    const asked = await timed(() => request.ask());
    if (isOwn && settings.update && "answer" in asked) {
      update = await updateExpected(example, asked.answer, compareOptions(settings, facts, true));
      failure = undefined;
      measure = undefined;
    }
    if (failure !== undefined) {
      outcomes.set(protocol, judgeFailure(asked, failure, protocol, isOwn));
      continue;
    }
    const outcome = judgeAnswer(asked, origin, measure, compareOptions(settings, facts, isOwn));
    outcomes.set(protocol, outcome);
    if (measure === undefined && "answer" in asked) measure = { body: asked.answer.body, from: protocol };
  }
  return {
    name: example.name,
    model: facts.name,
    protocol: example.protocol,
    expected: update.state satisfies ExpectedState,
    change: update.change,
    outcomes: new Map(settings.protocols.map((protocol) => [protocol, outcomes.get(protocol) as Outcome])),
  };
}

/** Shapes count where both answers are of the example's own protocol. */
function compareOptions(settings: TestSettings, { datatypes }: ModelFacts, isOwn: boolean): CompareOptions {
  const { tolerance, mostDifferences } = settings;
  return { tolerance, mostDifferences, datatypes, ignoresShape: !isOwn };
}

/** A request that can be sent. */
interface Prepared {
  readonly origin: Origin;
  ask(): Promise<TestAnswer>;
}

function prepare(
  place: ReachedServer,
  protocol: TestProtocol,
  facts: ModelFacts,
  requests: TestRequests,
  own: Example["protocol"],
): Prepared | { readonly reason: string } {
  if (protocol === "v1" || protocol === "v2") {
    const form = requests[protocol];
    if (form.kind === "inexpressible") return form;
    return { origin: form.origin, ask: () => askWithText(place, facts.name, protocol, form.text) };
  }
  if (protocol === "stream") {
    const form = requests[own];
    if (form.kind === "inexpressible") return form;
    // As if it were converted: a server need not stream.
    return { origin: "exact", ask: () => askForStream(place, facts.name, own, form.text) };
  }
  const form = requests.tensors;
  if (form.kind === "inexpressible") return form;
  if (protocol === "grpc") {
    if (place.grpc === undefined) return { reason: place.noGrpc ?? "there is no gRPC" };
    return { origin: form.origin, ask: () => askOverGrpc(place, facts.name, form.request) };
  }
  if (!facts.takesBytes) return { reason: "the server does not have the extension binary_tensor_data" };
  return { origin: form.origin, ask: () => askWithBytes(place, facts.name, form.request) };
}
