import { fileURLToPath } from "node:url";
import { describe, expect, it } from "vitest";
import { checkExamples } from "./model-examples.ts";
import { serveFolder } from "./serving.ts";

const models = new URL("../fixtures/models/", import.meta.url);

describe.each(["tfjs-digits", "tfjs-graph-digits"])(
  "the TensorFlow.js model %s, with no code and the WebAssembly backend",
  (name) => {
    it("answers V1, V2 and V2 with binary tensors as its own library does", async () => {
      await using server = await serveFolder(fileURLToPath(new URL(name, models)));
      expect(server.model.info).toMatchObject({ platform: "tensorflowjs-wasm" });
      await checkExamples(server, new URL(`${name}/examples.json`, models));
    });

    it("tells how many tensors its workers hold, which does not grow", async () => {
      await using server = await serveFolder(fileURLToPath(new URL(name, models)), {
        options: { workers: 2 },
      });
      const tensors = async () => {
        const text = await (await fetch(`${server.url}/metrics`)).text();
        return Number(
          new RegExp(`^kserve_ts_tensorflow_tensors\\{model_name="${name}"\\} (\\d+)$`, "m").exec(text)?.[1],
        );
      };
      const before = await tensors();
      await checkExamples(server, new URL(`${name}/examples.json`, models));
      // The weights, in each of the two workers.
      expect(before).toBe(name === "tfjs-digits" ? 8 : 12);
      expect(await tensors()).toBe(before);
    });
  },
);
