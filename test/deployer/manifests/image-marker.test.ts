import { describe, expect, it } from "vitest";
import { isMarked, markImage } from "../../../deployer/manifests/image-marker.ts";
import type { Members } from "../../../deployer/manifests/manifest.ts";
import { render } from "../../../deployer/manifests/render.ts";
import { modelUri } from "../../../deployer/manifests/update.ts";
import { KINDS, type PlanFacts, planOf } from "../plans.ts";

const server = { name: "kserve-container", image: "registry.example.com/digits:1" };

function predictorOf(facts: PlanFacts): Members {
  const service = render(planOf(KINDS.custom, facts)).at(-1);
  return (service?.["spec"] as { readonly predictor: Members }).predictor;
}

describe("the mark of an image that has its model", () => {
  it("is a path by the image's name, which nothing fetches", () => {
    const marked = markImage({ containers: [server] });
    expect(modelUri(marked)).toBe("image/registry.example.com/digits:1");
    expect(marked["initContainers"]).toEqual([
      { name: "storage-initializer", image: server.image, command: ["node", "--version"] },
    ]);
    expect(isMarked(marked)).toBe(true);
  });

  it("is given once, and not to what has a model in a store", () => {
    const marked = markImage({ containers: [server] });
    expect(markImage(marked)).toEqual(marked);
    const stored = { containers: [{ ...server, env: [{ name: "STORAGE_URI", value: "s3://models/a" }] }] };
    expect(markImage(stored)).toBe(stored);
    const standard = { model: { storageUri: "s3://models/a" } };
    expect(markImage(standard)).toBe(standard);
    expect([stored, standard].map(isMarked)).toEqual([false, false]);
  });
});

describe("a predictor in the place of one that was promoted", () => {
  it("keeps its name, as KServe takes another one only with another model", () => {
    expect(predictorOf({ stable: { name: "canary", containers: [server] } })["name"]).toBe("canary");
    expect(predictorOf({ stable: { containers: [server] } })).not.toHaveProperty("name");
    expect(predictorOf({ mode: "Knative", stable: { name: "canary" } })).not.toHaveProperty("name");
  });

  it("keeps the mark, so that deploying the same again changes nothing", () => {
    expect(isMarked(predictorOf({ stable: markImage({ containers: [server] }) }))).toBe(true);
    expect(isMarked(predictorOf({ stable: { containers: [server] } }))).toBe(false);
  });
});
