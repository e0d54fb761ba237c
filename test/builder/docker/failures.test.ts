import { createServer } from "node:net";
import { mkdtemp, rm } from "node:fs/promises";
import { once } from "node:events";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { buildFailure } from "../../../builder/docker/build-failure.ts";
import { connectEngine } from "../../../builder/docker/client.ts";
import { asEngineFailure, isEngineGone, messageOfEngine } from "../../../builder/docker/engine-error.ts";

const signal = new AbortController().signal;

describe("buildFailure", () => {
  it("has the step, the reason and the last lines", () => {
    const { code, message } = buildFailure("RUN x", "it broke", ["one", "two"]);
    expect({ code, message }).toEqual({
      code: "KTS_BUILD_FAILED",
      message: 'the step "RUN x" failed: it broke\n  one\n  two',
    });
  });

  it.each([
    ["write /var/lib/docker/x: no space left on device", "The engine's disk is full"],
    ["Get https://r/v2/: dial tcp: lookup r: no such host", "is its name right, is there a network?"],
    ["image with reference x was found but does not match the specified platform", "--platform or --base"],
    [
      "manifest for node:99 not found: manifest unknown: manifest unknown",
      "Is the base's name and tag right?",
    ],
    ["pull access denied for me/base, repository does not exist", "Is the base's name and tag right?"],
    ["unauthorized: authentication required", "Log in to the base's registry"],
    ["standard_init_linux.go:228: exec user process caused: exec format error", "(binfmt)"],
    ["The command '/bin/sh -c node' returned a non-zero code: 127", "a base needs Node"],
    ["The command 'node x' returned a non-zero code: 137", "give the engine more"],
  ])("knows what to do about: %s", (reason, hint) => {
    expect(buildFailure("x", reason, []).hint).toContain(hint);
  });

  it("finds the reason in what the step printed, and points to it where it does not know more", () => {
    expect(buildFailure("x", "exit code 1", ["cp: no space left on device"]).hint).toContain("disk is full");
    expect(buildFailure("x", "exit code 1", ["TypeError: x"]).hint).toMatch(/^The lines of the step/);
  });
});

describe("an engine's errors", () => {
  it("are quoted without what dockerode puts in front", () => {
    const error = new Error("(HTTP code 500) server error - dial unix: it - broke ");
    expect(messageOfEngine(error)).toBe("dial unix: it - broke");
  });

  it.each([
    [Object.assign(new Error("x"), { code: "ECONNRESET" }), true],
    [new Error("socket hang up"), true],
    [Object.assign(new Error("(HTTP code 500) server error - context canceled"), { statusCode: 500 }), true],
    [Object.assign(new Error("(HTTP code 404) no such image - socket hang up"), { statusCode: 404 }), false],
    [new Error("no space left on device"), false],
  ])("tell whether it is gone: %s, %s", (error, isGone) => {
    expect(isEngineGone(error)).toBe(isGone);
    const { code } = asEngineFailure(error, "while it built", signal);
    expect(code).toBe(isGone ? "KTS_ENGINE_UNREACHABLE" : "KTS_BUILD_FAILED");
  });

  it("are none where the user has stopped the work", () => {
    const failure = asEngineFailure(new Error("aborted"), "the build", AbortSignal.abort());
    expect(failure).toMatchObject({ code: "KTS_CANCELLED", message: "stopped the build" });
  });
});

describe("connectEngine", () => {
  it("says where nothing is", async () => {
    const folder = await mkdtemp(join(tmpdir(), "kserve-ts-no-engine-"));
    try {
      const env = { DOCKER_HOST: `unix://${folder}/docker.sock` };
      await expect(connectEngine(env, signal)).rejects.toMatchObject({
        code: "KTS_ENGINE_UNREACHABLE",
        message: `the Docker engine at ${env.DOCKER_HOST} (DOCKER_HOST) is not there`,
      });
    } finally {
      await rm(folder, { recursive: true });
    }
  });

  it("says where nothing listens, and where something else does", async () => {
    const server = createServer((socket) => socket.write("SSH-2.0-OpenSSH_9.2\r\n", () => socket.destroy()));
    server.listen(0, "127.0.0.1");
    await once(server, "listening");
    const { port } = server.address() as { port: number };
    const env = { DOCKER_HOST: `tcp://127.0.0.1:${port}` };
    await expect(connectEngine(env, signal)).rejects.toThrow(/\(DOCKER_HOST\) does not answer: /);
    server.close();
    await once(server, "close");
    await expect(connectEngine(env, signal)).rejects.toThrow(/\(DOCKER_HOST\) does not run$/);
  });
});
