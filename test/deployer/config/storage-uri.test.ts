import { describe, expect, it } from "vitest";
import { storageUriProblem } from "../../../deployer/config/storage-uri.ts";

describe("a model's URI", () => {
  it.each([
    "s3://bucket/path/model",
    "gs://bucket",
    "pvc://claim/path",
    "https://account.blob.core.windows.net/container/path",
    "hf://owner/model:main",
    "oci://registry.example.com/model:1",
    "file:///models/a",
  ])("%s is one", (uri) => {
    expect(storageUriProblem(uri)).toBeUndefined();
  });

  it.each([
    ["s3:///path", "a bucket"],
    ["s3://My_Bucket/x", "a bucket's name"],
    ["s3://bucket/../x", "without .."],
    ["s3://bucket/a b", "without spaces"],
    ["pvc://", "a claim"],
    ["hf://model", "an owner and a model"],
    ["abfs://x", "blob.core.windows.net"],
    ["ftp://x/y", "s3://, gs://"],
    ["models/a", "such as s3://"],
  ])("%s is none", (uri, expected) => {
    expect(storageUriProblem(uri)).toContain(expected);
  });

  it("may be of a scheme that a release does not have yet", () => {
    expect(storageUriProblem("hf://a/b", [0, 14, 1])).toContain("since v0.15.0");
    expect(storageUriProblem("hf://a/b", [0, 15, 0])).toBeUndefined();
    expect(storageUriProblem("oci+native://a/b", [0, 19, 0])).toContain("since v0.20.0");
  });
});
