import { describe, expect, it } from "vitest";
import { Guard } from "../../../runtime/playground/guard.ts";

const LOCAL = new Guard({ host: "127.0.0.1", playgroundHosts: undefined });

describe("the playground's guard", () => {
  it.each(["localhost", "localhost:8080", "LOCALHOST:1", "127.0.0.1:8080", "[::1]:8080", "[::1]"])(
    "answers for the host %s",
    (host) => expect(LOCAL.refusal({ host }, false)).toBeUndefined(),
  );

  it.each([
    "evil.example",
    "evil.example:8080",
    "localhost.evil.example",
    "127.0.0.1.nip.io:8080",
    "127.0.0.2",
    "0.0.0.0:8080",
    "localhost@evil.example",
    "localhost:8080, evil.example",
    "localhost:",
    "",
    undefined,
  ])("refuses the host %s, to which a foreign page may have been pointed", (host) => {
    expect(LOCAL.refusal({ host }, true)).toMatch(/^The playground does not answer for the host/);
  });

  it("answers for the address that the server listens on, and for names that it is told", () => {
    const guard = new Guard({ host: "192.168.0.7", playgroundHosts: "dev.example, Other.example" });
    expect(guard.refusal({ host: "192.168.0.7:8080" }, false)).toBeUndefined();
    expect(guard.refusal({ host: "dev.example" }, false)).toBeUndefined();
    expect(guard.refusal({ host: "other.example:80" }, false)).toBeUndefined();
    expect(guard.refusal({ host: "192.168.0.8:8080" }, false)).toMatch(
      /--playground_hosts 192\.168\.0\.8\.$/,
    );
    const six = new Guard({ host: "fd00::7", playgroundHosts: undefined });
    expect(six.refusal({ host: "[fd00::7]:8080" }, false)).toBeUndefined();
  });

  it("does not take an address that means every interface for a name", () => {
    const everywhere = new Guard({ host: "0.0.0.0", playgroundHosts: "" });
    expect(everywhere.refusal({ host: "0.0.0.0:8080" }, false)).toBeDefined();
    expect(everywhere.refusal({ host: "localhost:8080" }, false)).toBeUndefined();
  });

  it("answers its own origin, and no other", () => {
    const host = "localhost:8080";
    expect(LOCAL.refusal({ host, origin: "http://localhost:8080" }, false)).toBeUndefined();
    for (const origin of [
      "http://localhost:3000",
      "https://evil.example",
      "null",
      "http://localhost:8080.evil.example",
    ]) {
      expect(LOCAL.refusal({ host, origin }, true)).toMatch(/for its own page only/);
    }
  });

  it("lets a link of the same site lead to a page, but nothing of another site, and no data", () => {
    const from = (site: string, isPage: boolean) =>
      LOCAL.refusal({ host: "localhost", "sec-fetch-site": site }, isPage);
    for (const site of ["same-origin", "none"]) expect(from(site, false)).toBeUndefined();
    expect(from("same-site", true)).toBeUndefined();
    expect(from("same-site", false)).toMatch(/another site/);
    expect(from("cross-site", true)).toMatch(/another site/);
    expect(from("cross-site", false)).toMatch(/another site/);
  });
});
