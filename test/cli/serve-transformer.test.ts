import { readFile } from "node:fs/promises";
import { createServer } from "node:https";
import { once } from "node:events";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { selfSigned } from "../client/self-signed.ts";
import { postJson } from "../runtime/serving.ts";
import { Cli, ROOT, folderWith, runCli, untilServing } from "./run-cli.ts";

const page = await readFile(join(ROOT, "docs/10-transformers.md"), "utf8");

/** The commands of the page's shell block, without the name of the command. */
function commandsOfPage(): string[][] {
  const [, block = ""] = /```sh\n([\s\S]*?)```/.exec(page) ?? [];
  return block
    .trim()
    .split("\n")
    .map((line) => line.split(" ").slice(1));
}

/** A command's words with another value for a flag. */
function withFlag(words: readonly string[], flag: string, value: string): string[] {
  const at = words.indexOf(flag);
  return at < 0 ? [...words, flag, value] : words.with(at + 1, value);
}

describe("docs/10-transformers.md", () => {
  it("shows examples/transformer/predictor.ts as it is", async () => {
    expect(page).toContain(await readFile(join(ROOT, "examples/transformer/predictor.ts"), "utf8"));
  });

  it("has commands that work as they stand, but for the ports", async () => {
    const [model = [], transformer = [], question = []] = commandsOfPage();
    await using behind = new Cli(withFlag(model, "--http_port", "0"));
    const { url } = await untilServing(behind);
    const host = url.replace("http://", "");
    await using front = new Cli(
      withFlag(withFlag(transformer, "--predictor_host", host), "--http_port", "0"),
    );
    const serving = await untilServing(front);
    expect(serving.banner).toContain(
      `\n  model     examples/transformer/predictor.ts in front of the predictor at ${url} (v2)\n`,
    );
    const asked = await runCli([...question, "--url", serving.url]);
    expect(asked).toMatchObject({ stderr: "", exitCode: 0 });

    const body = await readFile(join(ROOT, "examples/transformer/examples/two-one.json"), "utf8");
    const answer = await postJson({ url: serving.url }, "/v1/models/digits:predict", body);
    const { predictions } = answer.body as { predictions: { digit: number; confidence: number }[] };
    expect(predictions.map(({ digit }) => digit)).toEqual([2, 1]);
    for (const { confidence } of predictions) {
      expect(confidence).toBeGreaterThan(0.5);
      expect(confidence).toBeLessThanOrEqual(1);
    }
    const wrong = await postJson({ url: serving.url }, "/v1/models/digits:predict", {
      instances: [{ width: 28, height: 28, pixels: "AAAA" }],
    });
    expect(wrong).toMatchObject({
      status: 400,
      body: { error: "instances[0].pixels: expected 28 x 28 bytes, got 3" },
    });
  });
});

describe("kserve-ts serve --predictor_host", () => {
  it("starts with the flags of KServe's controller, no module, and no predictor yet", async () => {
    await using folder = await folderWith({});
    await using cli = new Cli([
      "serve",
      folder.path,
      ...["--model_name", "iris", "--predictor_host", "iris-predictor.default", "--http_port", "0"],
      ...["--predictor_protocol", "v2", "--predictor_use_ssl", "false"],
      ...["--predictor_request_timeout_seconds", "60", "--predictor_request_retries", "2"],
      "--enable_predictor_health_check",
    ]);
    const { banner } = await untilServing(cli);
    expect(banner).toContain("\n  model     the predictor at http://iris-predictor.default (v2)\n");
    expect(banner).toContain("\n  workers   none: it runs inline, on the server's own thread\n");
  });

  it.each(["v1", "v2", "grpc-v2"])("answers by %s what the model behind it does", async (protocol) => {
    const model = ["serve", "examples/digits", "--http_port", "0"];
    await using behind = new Cli(model);
    const serving = await untilServing(behind);
    const [, grpc = ""] = /^ {2}gRPC +(\S+)$/m.exec(serving.banner) ?? [];
    const host = protocol === "grpc-v2" ? grpc : serving.url.replace("http://", "");
    await using folder = await folderWith({});
    await using front = new Cli([
      ...["serve", folder.path, "--model_name", "digits", "--http_port", "0"],
      ...["--predictor_host", host, "--predictor_protocol", protocol],
    ]);
    const { url, banner } = await untilServing(front);
    expect(banner).toContain(
      `the predictor at ${protocol === "grpc-v2" ? "grpc" : "http"}://${host} (${protocol})`,
    );
    const images = await readFile(join(ROOT, "examples/digits/examples/zero-one-1x28x28.json"), "utf8");
    const answer = await postJson({ url }, "/v1/models/digits:predict", images);
    expect(answer).toMatchObject({ status: 200, body: { predictions: [0, 1] } });
  });

  it("refuses a path for gRPC, which has its own", async () => {
    const { stderr, exitCode } = await runCli([
      ...["serve", "examples/transformer", "--predictor_host", "p/q", "--predictor_protocol", "grpc-v2"],
    ]);
    expect(exitCode).toBe(2);
    expect(stderr).toContain(
      `error: --predictor_host is "p/q", expected host or host:port, as gRPC has no paths\n`,
    );
  });

  it("asks over TLS, of whom NODE_EXTRA_CA_CERTS vouches for", async () => {
    const { key, cert } = selfSigned("localhost");
    const predictor = createServer({ key, cert }, (_req, res) => res.end('{"predictions":["over TLS"]}'));
    predictor.listen(0, "localhost");
    await once(predictor, "listening");
    try {
      await using folder = await folderWith({ "ca.pem": cert, "front/.keep": "" });
      const { port } = predictor.address() as AddressInfo;
      const flags = ["--http_port", "0", "--model_name", "m", "--predictor_use_ssl"];
      const args = ["serve", join(folder.path, "front"), "--predictor_host", `localhost:${port}`, ...flags];
      await using trusting = new Cli(args, { env: { NODE_EXTRA_CA_CERTS: join(folder.path, "ca.pem") } });
      const { url } = await untilServing(trusting);
      const answer = await postJson({ url }, "/v1/models/m:predict", { instances: [1] });
      expect(answer).toMatchObject({ status: 200, body: { predictions: ["over TLS"] } });

      await using other = new Cli(args);
      const refused = await postJson({ url: (await untilServing(other)).url }, "/v1/models/m:predict", {
        instances: [1],
      });
      expect(refused).toMatchObject({
        status: 502,
        body: { error: expect.stringContaining("Cannot reach the predictor: ") as string },
      });
    } finally {
      predictor.close();
      predictor.closeAllConnections();
    }
  });
});
