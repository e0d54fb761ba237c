import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { readChallenges } from "../../../builder/registry/challenge.ts";

describe("a WWW-Authenticate header", () => {
  it.each([
    [
      'Bearer realm="https://auth.docker.io/token",service="registry.docker.io",scope="repository:a/b:pull,push"',
      [
        {
          scheme: "bearer",
          parameters: {
            realm: "https://auth.docker.io/token",
            service: "registry.docker.io",
            scope: "repository:a/b:pull,push",
          },
        },
      ],
    ],
    ['Basic realm="Registry Realm"', [{ scheme: "basic", parameters: { realm: "Registry Realm" } }]],
    [
      'BASIC realm=x, Bearer Realm = "y" , service=z',
      [
        { scheme: "basic", parameters: { realm: "x" } },
        { scheme: "bearer", parameters: { realm: "y", service: "z" } },
      ],
    ],
    ['Bearer realm="a \\"quoted\\" one"', [{ scheme: "bearer", parameters: { realm: 'a "quoted" one' } }]],
    ["Negotiate", [{ scheme: "negotiate", parameters: {} }]],
    ["", []],
    ['"nonsense', []],
  ])("%s", (header, challenges) => {
    expect(readChallenges(header)).toEqual(challenges);
  });

  it("is read to an end whatever it is", () => {
    fc.assert(fc.property(fc.string(), (header) => Array.isArray(readChallenges(header))));
  });
});
