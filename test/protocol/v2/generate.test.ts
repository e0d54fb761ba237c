import { describe, expect, it } from "vitest";
import { DEFAULT_LIMITS } from "../../../protocol/limits.ts";
import {
  decodeGenerateRequest,
  decodeGenerateResponse,
  encodeGenerateRequest,
  encodeGenerateResponse,
} from "../../../protocol/v2.ts";

const utf8 = (text: string): Uint8Array => new TextEncoder().encode(text);

describe("a request for text", () => {
  it("is read as it was written", () => {
    const parameters = { max_tokens: 5, stop: [".", "\n"], temperature: 0.5 };
    const { head, tail, contentType } = encodeGenerateRequest('"zwölf"\n', parameters);
    expect({ tail, contentType }).toEqual({ tail: [], contentType: "application/json" });
    expect(decodeGenerateRequest(utf8(head), DEFAULT_LIMITS)).toEqual({ textInput: '"zwölf"\n', parameters });
    expect(encodeGenerateRequest("x", undefined).head).toBe('{"text_input":"x"}');
  });

  it("is refused where JSON cannot say it", () => {
    expect(() => encodeGenerateRequest("x", { temperature: NaN })).toThrow("parameters.temperature");
  });
});

describe("an answer with text", () => {
  it.each([true, false, undefined])("is read as it was written, with done %s", (done) => {
    const { head } = encodeGenerateResponse({ modelName: "m", modelVersion: "2", text: "ä\n", done });
    expect(decodeGenerateResponse(utf8(head))).toEqual({ text: "ä\n", done: done === true });
  });

  it.each([
    ['{"text_output":["a"]}', "text_output"],
    ['{"model_name":"m"}', "text_output"],
    ["[]", undefined],
  ])("is refused where it is %s", (body, path) => {
    expect(() => decodeGenerateResponse(utf8(body))).toThrow(
      expect.objectContaining({ code: "KTS_INVALID_INPUT", path }) as Error,
    );
  });
});
