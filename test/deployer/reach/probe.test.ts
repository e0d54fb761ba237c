import { once } from "node:events";
import { type RequestListener, createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { describe, expect, it } from "vitest";
import { problemOf } from "../../../deployer/reach/probe.ts";

async function listening(answer: RequestListener): Promise<AsyncDisposable & { readonly url: string }> {
  const server = createServer(answer).listen(0, "127.0.0.1");
  await once(server, "listening");
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

function ask(url: string, more: { readonly hostHeader?: string; readonly timeoutMs?: number } = {}) {
  const { signal } = new AbortController();
  return problemOf({ url, headers: {}, modelName: "digits", timeoutMs: 5000, signal, ...more });
}

describe("a place that is asked for a service", () => {
  it.each([
    ["answers by V2", "/v2/health/ready", 200],
    ["answers by V1", "/v1/models/digits", 200],
    ["asks for credentials", "/v2/health/ready", 401],
  ])("is right where it %s", async (_name, path, status) => {
    await using server = await listening((request, response) => {
      response.writeHead(request.url === path ? status : 404).end();
    });
    expect(await ask(server.url)).toBeUndefined();
  });

  it("is right where an ingress has the Host header's route", async () => {
    await using server = await listening((request, response) => {
      response.writeHead(request.headers.host === "digits.example.com" ? 200 : 404).end();
    });
    expect(await ask(server.url, { hostHeader: "digits.example.com" })).toBeUndefined();
    expect(await ask(server.url)).toMatch(/answers 404 to \/v2\/health\/ready$/);
  });

  it("is wrong where nobody listens", async () => {
    const server = await listening(() => undefined);
    await server[Symbol.asyncDispose]();
    expect(await ask(server.url)).toMatch(/^127\.0\.0\.1:\d+ refuses connections$/);
  });

  it("is wrong where nothing comes in time", async () => {
    await using server = await listening(() => undefined);
    expect(await ask(server.url, { timeoutMs: 200 })).toMatch(/does not answer within 200 ms$/);
  });

  it("is wrong where its name means nothing here", async () => {
    expect(await ask("http://digits.invalid")).toBe("the name digits.invalid does not resolve here");
  });
});
