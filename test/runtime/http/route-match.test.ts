import { describe, expect, it } from "vitest";
import { matchInference } from "../../../runtime/http/route-match.ts";

describe("the inference routes", () => {
  it.each([
    ["/v1/models/iris:predict", "v1", "predict", "iris", undefined],
    ["/v1/models/iris:explain", "v1", "explain", "iris", undefined],
    ["/v1/models/iris%3Apredict", "v1", "predict", "iris", undefined],
    ["/v1/models/iris:predict?trace=1", "v1", "predict", "iris", undefined],
    ["/v1/models/a:b:predict", "v1", "predict", "a:b", undefined],
    ["/v1/models/gr%C3%BCn%20blau:predict", "v1", "predict", "grün blau", undefined],
    ["/v1/models/a%2Fb:predict", "v1", "predict", "a/b", undefined],
    ["/v2/models/iris/infer", "v2", "predict", "iris", undefined],
    ["/v2/models/iris/infer?x=/infer", "v2", "predict", "iris", undefined],
    ["/v2/models/gr%C3%BCn/infer", "v2", "predict", "grün", undefined],
    ["/v2/models/iris/versions/2/infer", "v2", "predict", "iris", "2"],
    ["/v2/models/infer/infer", "v2", "predict", "infer", undefined],
  ])("finds %s", (url, protocol, verb, model, version) => {
    expect(matchInference(url)).toEqual({ protocol, verb, model, version });
  });

  it.each([
    ["/v2/models/m/infer_stream", undefined, "infer_stream"],
    ["/v2/models/m/versions/2/generate?x=1", "2", "generate"],
    ["/v2/models/m/generate_stream", undefined, "generate_stream"],
  ])("finds %s with what it asks for", (url, version, action) => {
    expect(matchInference(url)).toEqual({ protocol: "v2", verb: "predict", model: "m", version, action });
  });

  it.each([
    "/",
    "/v2/models/infer_stream",
    "/v2/models//generate",
    "/v2/models/m/generate/",
    "/v2/models/m/xgenerate",
    "/v1/models/m/generate",
    "/v1/models",
    "/v1/models/",
    "/v1/models/iris",
    "/v1/models/:predict",
    "/v1/models/iris:predicted",
    "/v1/models/a/b:predict",
    "/v1/models/iris:predict/",
    "/v1/models/%zz:predict",
    "/v1/models/iris?:predict",
    "/v2/models//infer",
    "/v2/models/iris/infer/",
    "/v2/models/iris/versions//infer",
    "/v2/models/iris/versions/1/2/infer",
    "/v2/models/iris/other/1/infer",
    "/v2/models/%/infer",
    "/v3/models/iris/infer",
  ])("leaves %s to Express", (url) => {
    expect(matchInference(url)).toBeUndefined();
  });
});
