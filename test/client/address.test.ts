import { describe, expect, it } from "vitest";
import { InferenceClient } from "../../client/index.ts";
import { answeringJson, failureOf } from "./fixed-server.ts";

describe("a base URL", () => {
  it.each([
    ["http://localhost:8080", "http://localhost:8080"],
    ["http://localhost:8080/", "http://localhost:8080"],
    ["HTTP://LocalHost:80/a/b//", "http://localhost/a/b"],
    ["https://models.example.com/serving/ns/iris", "https://models.example.com/serving/ns/iris"],
    ["http://[::1]:8080", "http://[::1]:8080"],
  ])("%s is taken as %s", (given, taken) => {
    expect(new InferenceClient(given).baseUrl).toBe(taken);
    expect(new InferenceClient(new URL(given)).baseUrl).toBe(taken);
  });

  it.each([
    [
      "localhost:8080",
      'expected a URL that starts with http:// or https://, got the string "localhost:8080"',
    ],
    ["", 'expected a URL that starts with http:// or https://, got the string ""'],
    [
      "grpc://localhost",
      'expected a URL that starts with http:// or https://, got the string "grpc://localhost"',
    ],
    ["http://", 'expected a URL that starts with http:// or https://, got the string "http://"'],
    [
      "http://me:secret@host",
      "expected a URL without a user and password; give them as headers: { authorization }",
    ],
    ["http://host/?a=1", 'expected a URL without ? and #, got the string "http://host/?a=1"'],
    ["http://host/#a", 'expected a URL without ? and #, got the string "http://host/#a"'],
  ])("%j is refused", (given, problem) => {
    expect(() => new InferenceClient(given)).toThrowError(
      expect.objectContaining({ code: "KTS_INVALID_INPUT", path: "baseUrl", message: `baseUrl: ${problem}` }),
    );
  });
});

describe("a path", () => {
  it.each(["", "/", "/serving/ns%20x", "/serving/ns%20x/"])(
    "keeps the base URL's own (%j)",
    async (prefix) => {
      await using server = await answeringJson({ models: [], ready: true });
      using client = new InferenceClient(server.url + prefix);
      await client.models();
      await client.ready();
      const kept = prefix.replace(/\/$/, "");
      expect(server.seen.map(({ url }) => url)).toEqual([`${kept}/v2/models`, `${kept}/v2/health/ready`]);
    },
  );

  it.each([
    ["iris", "iris"],
    ["my model", "my%20model"],
    ["a/b", "a%2Fb"],
    ["a:predict?x#y", "a%3Apredict%3Fx%23y"],
    ["größe", "gr%C3%B6%C3%9Fe"],
    ["100%", "100%25"],
    ["..a", "..a"],
  ])("has the name %j as %s", async (name, segment) => {
    await using server = await answeringJson({ ready: true });
    using client = new InferenceClient(server.url);
    await client.modelReady(name);
    await client.modelReady("m", { version: name });
    await client.predict(name, []);
    expect(server.seen.map(({ url }) => url)).toEqual([
      `/v2/models/${segment}/ready`,
      `/v2/models/m/versions/${segment}/ready`,
      `/v1/models/${segment}:predict`,
    ]);
  });

  it.each([
    ["", "an empty string"],
    [".", 'the string "."'],
    ["..", 'the string ".."'],
    ["\ud800", 'the string "\\ud800"'],
    [undefined as unknown as string, "nothing"],
  ])("cannot have the name %j", async (name, got) => {
    using client = new InferenceClient("http://127.0.0.1:1");
    for (const call of [client.modelReady(name), client.predict(name, []), client.infer(name, {})]) {
      const error = await failureOf(call);
      expect(error).toMatchObject({ code: "KTS_INVALID_INPUT", path: "name" });
      expect(error.message).toBe(`name: expected a name, got ${got}`);
    }
  });
});
