import { once } from "node:events";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, describe, expect, it, vi } from "vitest";
import { OptionalPackages } from "../../../runtime/telemetry/optional-packages.ts";
import { startTracing } from "../../../runtime/telemetry/tracing-sdk.ts";
import { ECHO, postJson, servePredictor } from "../serving.ts";

const V1 = "/v1/models/m:predict";
const TRACE = "0af7651916cd43dd8448eb211c80319c";

interface Attribute {
  readonly key: string;
  readonly value: { readonly stringValue?: string };
}
interface ExportRequest {
  readonly resourceSpans: readonly {
    readonly resource: { readonly attributes: readonly Attribute[] };
    readonly scopeSpans: readonly {
      readonly spans: readonly { readonly name: string; readonly traceId: string }[];
    }[];
  }[];
}

/** A collector that keeps what it is sent. */
async function collector(): Promise<AsyncDisposable & { url: string; received: ExportRequest[] }> {
  const received: ExportRequest[] = [];
  const server = createServer((req, res) => {
    const parts: Buffer[] = [];
    req.on("data", (part: Buffer) => parts.push(part));
    req.on("end", () => {
      if (req.url === "/v1/traces")
        received.push(JSON.parse(Buffer.concat(parts).toString()) as ExportRequest);
      res.end("{}");
    });
  }).listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${port}`,
    received,
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      server.close();
      await once(server, "close");
    },
  };
}

function settings(env: Record<string, string>, log: string[] = []) {
  const warn = (message: string) => void log.push(message);
  const nothing = () => undefined;
  return {
    env,
    serviceName: "m",
    folders: [],
    log: { debug: nothing, info: nothing, warn, error: nothing },
  };
}

afterEach(() => vi.unstubAllEnvs());

describe("tracing", () => {
  it("sends spans to the collector that the environment names, the last ones when the server stops", async () => {
    await using stub = await collector();
    vi.stubEnv("OTEL_EXPORTER_OTLP_ENDPOINT", stub.url);
    vi.stubEnv("OTEL_RESOURCE_ATTRIBUTES", "deployment.environment.name=test%20bed");
    {
      await using server = await servePredictor(ECHO);
      await postJson(server, V1, { instances: [1] }, { traceparent: `00-${TRACE}-b7ad6b7169203331-01` });
    }
    const [resource] = stub.received.flatMap(({ resourceSpans }) => resourceSpans);
    const attributes = Object.fromEntries(
      (resource?.resource.attributes ?? []).map(({ key, value }) => [key, value.stringValue]),
    );
    expect(attributes).toMatchObject({ "service.name": "m", "deployment.environment.name": "test bed" });
    const spans = resource?.scopeSpans.flatMap((scope) => scope.spans) ?? [];
    expect(spans.map(({ name }) => name)).toContain("POST /v1/models/{name}:predict");
    expect(new Set(spans.map(({ traceId }) => traceId))).toEqual(new Set([TRACE]));
  });

  it("does not hold up stopping, or requests, where the collector is down, and says so once", async () => {
    vi.stubEnv("OTEL_EXPORTER_OTLP_ENDPOINT", "http://127.0.0.1:9");
    vi.stubEnv("OTEL_SERVICE_NAME", "named");
    const server = await servePredictor(ECHO);
    expect((await postJson(server, V1, { instances: [1] })).status).toBe(200);
    await server.stop();
    expect(server.log.filter((line) => line.includes("tracing:")).length).toBeLessThanOrEqual(1);
  });

  it.each<[string, Record<string, string>]>([
    ["nothing asks for it", {}],
    ["the SDK is disabled", { OTEL_SDK_DISABLED: "true", OTEL_EXPORTER_OTLP_ENDPOINT: "http://127.0.0.1:9" }],
    [
      "the exporter is none",
      { OTEL_TRACES_EXPORTER: "none", OTEL_EXPORTER_OTLP_ENDPOINT: "http://127.0.0.1:9" },
    ],
  ])("is off where %s", async (_case, env) => {
    expect(await startTracing(settings(env))).toBeUndefined();
  });

  it("names the package where an exporter needs one that is not there", async () => {
    const log: string[] = [];
    expect(await startTracing(settings({ OTEL_TRACES_EXPORTER: "zipkin" }, log))).toBeUndefined();
    expect(log).toEqual([
      expect.stringMatching(
        /but it is off: OTEL_TRACES_EXPORTER names zipkin, which needs @opentelemetry\/sdk-node/,
      ),
    ]);
  });

  it("says what to install where it is asked for, but no SDK is installed", async () => {
    const empty = await mkdtemp(join(tmpdir(), "kserve-ts-test-"));
    try {
      const packages = new OptionalPackages([empty], undefined);
      expect(packages.find("@opentelemetry/sdk-trace")).toBeUndefined();
      expect(() => packages.require("@opentelemetry/sdk-trace", "npm install it")).toThrow(
        "@opentelemetry/sdk-trace is not installed. Run npm install it",
      );
    } finally {
      await rm(empty, { recursive: true });
    }
  });
});
