import fc from "fast-check";
import { describe, expect, it } from "vitest";
import {
  apiHost,
  formatReference,
  isLoopback,
  parseReference,
  pinnedReference,
} from "../../../builder/registry/reference.ts";

const DIGEST = `sha256:${"0123456789abcdef".repeat(4)}`;

describe("an image's name", () => {
  it.each([
    ["node", "docker.io/library/node:latest"],
    ["node:24-bookworm-slim", "docker.io/library/node:24-bookworm-slim"],
    ["me/digits", "docker.io/me/digits:latest"],
    ["docker.io/node", "docker.io/library/node:latest"],
    ["index.docker.io/me/digits", "docker.io/me/digits:latest"],
    ["localhost/digits", "localhost/digits:latest"],
    ["localhost:5000/digits:1", "localhost:5000/digits:1"],
    ["ghcr.io/me/a/b/c:V1.0_x", "ghcr.io/me/a/b/c:V1.0_x"],
    ["[::1]:5000/digits", "[::1]:5000/digits:latest"],
    ["Registry/digits", "Registry/digits:latest"],
    [`ghcr.io/me/digits@${DIGEST}`, `ghcr.io/me/digits@${DIGEST}`],
    [`ghcr.io/me/digits:1@${DIGEST}`, `ghcr.io/me/digits:1@${DIGEST}`],
    ["me/a__b.c--d", "docker.io/me/a__b.c--d:latest"],
  ])("%s is %s", (text, whole) => {
    expect(formatReference(parseReference(text))).toBe(whole);
  });

  it.each([
    ["", "a part of its path is empty"],
    ["Digits", '"Digits" is no part of a path'],
    ["me//digits", "a part of its path is empty"],
    ["digits:", 'the tag "" has letters'],
    ["digits:a b", "the tag"],
    ["digits@sha256:12", "the digest after @"],
    [`digits@${DIGEST}@${DIGEST}`, "more than one @"],
    ["host:port/digits", '"host:port" is no host name'],
    [`a/${"b/".repeat(130)}c`, "longer than 255"],
    ["a___b", "no part of a path"],
  ])("is refused where it is %j", (text, why) => {
    expect(() => parseReference(text)).toThrow(why);
  });

  it("is the same when its whole form is read again", () => {
    const part = fc.stringMatching(/^[a-z0-9]{1,8}([._-][a-z0-9]{1,4})?$/);
    const tag = fc.option(fc.stringMatching(/^\w[\w.-]{0,20}$/), { nil: undefined });
    fc.assert(
      fc.property(
        fc.constantFrom("", "ghcr.io/", "localhost:5000/"),
        fc.array(part, { minLength: 1, maxLength: 4 }),
        tag,
        (host, parts, its) => {
          const once = parseReference(`${host}${parts.join("/")}${its === undefined ? "" : `:${its}`}`);
          expect(parseReference(formatReference(once))).toEqual(once);
        },
      ),
    );
  });

  it("is pinned without its tag", () => {
    expect(pinnedReference(parseReference("ghcr.io/me/digits:1"), DIGEST)).toBe(
      `ghcr.io/me/digits@${DIGEST}`,
    );
  });
});

describe("the host of a registry", () => {
  it("is another than its name for Docker Hub alone", () => {
    expect(apiHost("docker.io")).toBe("registry-1.docker.io");
    expect(apiHost("ghcr.io")).toBe("ghcr.io");
  });

  it.each([
    ["localhost", true],
    ["localhost:5000", true],
    ["a.localhost:80", true],
    ["127.0.0.1:5000", true],
    ["[::1]:5000", true],
    ["127.example.com", false],
    ["localhost.example.com", false],
    ["ghcr.io", false],
  ])("%s is on this machine: %s", (registry, isHere) => {
    expect(isLoopback(registry)).toBe(isHere);
  });
});
