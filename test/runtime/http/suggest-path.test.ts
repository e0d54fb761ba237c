import { describe, expect, it } from "vitest";
import { suggestPath } from "../../../runtime/http/suggest-path.ts";

describe("a path that is almost right", () => {
  it.each([
    ["/v1/models/m/predict", "/v1/models/m:predict"],
    ["/v1/models/m:predict/", "/v1/models/m:predict"],
    ["/v1/models/m/versions/1:predict", "/v1/models/m:predict"],
    ["/v1/models/m/infer", "/v2/models/m/infer"],
    ["/v2/models/m/infer/", "/v2/models/m/infer"],
    ["/v2/health", "/v2/health/ready"],
    ["/ready", "/v2/health/ready"],
    ["/livez", "/v2/health/live"],
    ["/swagger", "/openapi.json"],
    ["/v1", "/v1/models"],
    ["/invocations", "/v1/models/{name}:predict"],
  ])("%s means %s", (path, meant) => {
    expect(suggestPath(path)).toBe(meant);
  });

  it.each(["/v1/models", "/v2", "/v2/models/m", "/v2/models/m/infer", "/metrics", "/favicon.ico"])(
    "%s is none",
    (path) => {
      expect(suggestPath(path)).toBeUndefined();
    },
  );
});
