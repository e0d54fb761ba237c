import { describe, expect, it } from "vitest";
import { ECHO, postJson, servePredictor } from "../serving.ts";

const V1 = "/v1/models/m:predict";
const STRUCTURED = { "content-type": "application/cloudevents+json" };
const EVENT = { specversion: "1.0", id: "1", source: "s", type: "t", data: { instances: [1] } };
const HEADERS = { "ce-specversion": "1.0", "ce-id": "1", "ce-source": "s", "ce-type": "t" };

describe("an answered CloudEvent", () => {
  it("has the source and type that the options say, and what it merges of the request", async () => {
    const options = { ceSource: "mine", ceType: "of.mine", ceMerge: true };
    await using server = await servePredictor(ECHO, { options });
    const structured = await postJson(server, V1, { ...EVENT, subject: "x", rate: 3 }, STRUCTURED);
    expect(structured.body).toMatchObject({
      source: "mine",
      type: "of.mine",
      subject: "x",
      rate: 3,
      data: { predictions: [1] },
    });
    expect(structured.body).not.toMatchObject({ id: "1" });
    const binary = await postJson(server, V1, EVENT.data, { ...HEADERS, "ce-subject": "a%20b" });
    const names = ["ce-source", "ce-type", "ce-subject"];
    expect(names.map((name) => binary.headers.get(name))).toEqual(["mine", "of.mine", "a%20b"]);
    expect(binary.headers.get("content-type")).toBe("application/json");
  });

  it("merges nothing where the options do not say so", async () => {
    await using server = await servePredictor(ECHO);
    const { headers } = await postJson(server, V1, EVENT.data, { ...HEADERS, "ce-subject": "x" });
    expect(headers.has("ce-subject")).toBe(false);
  });

  it("carries an explanation, and what a predictor answers as text", async () => {
    await using server = await servePredictor(`
      export const execution = "inline";
      export const predict = () => "as text";
      export const explain = (_model, input) => input;
    `);
    const explained = await postJson(server, "/v1/models/m:explain", EVENT, STRUCTURED);
    expect(explained.body).toMatchObject({ data: { explanations: [1] } });
    const text = await postJson(server, V1, EVENT, STRUCTURED);
    expect(text.body).toMatchObject({ datacontenttype: "text/plain; charset=utf-8", data: "as text" });
  });

  it("reaches a predictor in a worker with its data alone", async () => {
    await using server = await servePredictor(`
      export const predict = (_model, instances, { parameters }) => ({ instances, parameters });
    `);
    const { body } = await postJson(server, V1, { ...EVENT, data: { instances: [1], a: 2 } }, STRUCTURED);
    expect(body).toMatchObject({ data: { instances: [1], parameters: { a: 2 } } });
  });
});
