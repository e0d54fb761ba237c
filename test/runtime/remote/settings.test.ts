import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { discoverModel } from "../../../runtime/models/discover.ts";
import { type ServerOptions, defaultServerOptions } from "../../../runtime/options.ts";
import { type RemoteSettings, remoteSettings } from "../../../runtime/remote/settings.ts";

function settings(options: Partial<ServerOptions>): RemoteSettings | undefined {
  return remoteSettings({ ...defaultServerOptions(), ...options });
}

describe("the settings of transformer mode", () => {
  it("are none without --predictor_host", () => {
    expect(settings({ predictorProtocol: "grpc-v2", enablePredictorHealthCheck: true })).toBeUndefined();
  });

  it("have KServe's defaults", () => {
    expect(settings({ predictorHost: "iris-predictor.default" })).toEqual({
      url: "http://iris-predictor.default",
      protocol: "v1",
      binary: true,
      timeoutMs: 600_000,
      retries: 0,
      headers: [],
      healthCheck: false,
    });
  });

  it.each([
    ["host:8080", false, "http://host:8080"],
    ["host", true, "https://host"],
    ["host:8443/serving/iris/", true, "https://host:8443/serving/iris"],
    ["[::1]:9000", false, "http://[::1]:9000"],
    ["http://host:1", false, "http://host:1"],
    ["https://host", false, "https://host"],
  ])("make of %s (TLS: %s) the URL %s", (predictorHost, predictorUseSsl, url) => {
    expect(settings({ predictorHost, predictorUseSsl })?.url).toBe(url);
  });

  it.each(["a b", "host:99999", "user:pw@host", "host?x=1", "ftp://host"])("refuse %j", (predictorHost) => {
    expect(() => settings({ predictorHost })).toThrow(
      `--predictor_host is ${JSON.stringify(predictorHost)}, expected host, host:port or host:port/path`,
    );
  });

  it("refuse a URL that contradicts --predictor_use_ssl", () => {
    expect(() => settings({ predictorHost: "http://host", predictorUseSsl: true })).toThrow(
      "--predictor_host is",
    );
  });

  it.each([
    ["iris-predictor.default", false, "grpc://iris-predictor.default:80"],
    ["iris-predictor.default", true, "grpcs://iris-predictor.default:443"],
    ["host:8081", false, "grpc://host:8081"],
    ["[::1]", false, "grpc://[::1]:80"],
    ["[::1]:9000", true, "grpcs://[::1]:9000"],
    ["grpcs://host:9000", true, "grpcs://host:9000"],
    ["grpc://host:9000", false, "grpc://host:9000"],
  ])("make of %s (TLS: %s), over gRPC, the address %s", (predictorHost, predictorUseSsl, url) => {
    expect(settings({ predictorHost, predictorUseSsl, predictorProtocol: "grpc-v2" })?.url).toBe(url);
  });

  it.each(["a b", "host:99999", "user:pw@host", "host:1/path", "http://host"])(
    "refuse %j over gRPC",
    (predictorHost) => {
      expect(() => settings({ predictorHost, predictorProtocol: "grpc-v2" })).toThrow(
        `--predictor_host is ${JSON.stringify(predictorHost)}, expected host or host:port, as gRPC has no paths`,
      );
    },
  );
});

describe("discoverModel with a remote predictor", () => {
  const remote = settings({ predictorHost: "host" }) as RemoteSettings;

  it("needs neither module nor model file", async () => {
    const folder = await mkdtemp(`${tmpdir()}/kserve-ts-test-`);
    try {
      expect(await discoverModel(folder, { remote, modelName: "m", mountedDir: folder })).toEqual({
        name: "m",
        predictorPath: undefined,
        modelFile: undefined,
        modelDir: folder,
        remote,
      });
    } finally {
      await rm(folder, { recursive: true });
    }
  });

  it("refuses a folder whose module has another name, since requests would pass it by", async () => {
    const folder = await mkdtemp(`${tmpdir()}/kserve-ts-test-`);
    try {
      await writeFile(join(folder, "transformer.ts"), "export const preProcess = () => [];");
      await expect(discoverModel(folder, { remote })).rejects.toThrow(
        expect.objectContaining({
          code: "KTS_PREDICTOR_NOT_FOUND",
          message: `${folder} has transformer.ts, but no predictor (predictor.ts, predictor.mts, predictor.js, predictor.mjs)`,
          hint: "Rename transformer.ts.",
        }),
      );
    } finally {
      await rm(folder, { recursive: true });
    }
  });

  it("leaves a model file of the folder alone", async () => {
    const source = await discoverModel("examples/digits", { remote });
    expect(source).toMatchObject({ name: "digits", modelFile: undefined, remote });
    expect(source.predictorPath).toMatch(/predictor\.ts$/);
  });

  it("refuses a model file in the folder's place", async () => {
    await expect(discoverModel("examples/digits/model/model.onnx", { remote })).rejects.toThrow(
      "examples/digits/model/model.onnx is a model file, but --predictor_host names another model",
    );
  });
});
