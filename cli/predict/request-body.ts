import { readFile } from "node:fs/promises";
import { buffer } from "node:stream/consumers";
import { InvalidInput, KtsError, messageOf } from "../../contract/errors.ts";
import { decodeText } from "../../protocol/json/parse.ts";
import { explainSyntaxError } from "../../protocol/json/syntax-error.ts";
import { protocolOfBody } from "../body-protocol.ts";

/** A request as it will be sent. */
export interface RequestBody {
  readonly protocol: "v1" | "v2";
  /** JSON, number for number as the file has it: parsing would round integers beyond 2^53. */
  readonly text: string;
}

/**
 * Reads a request from a file or stdin.
 * @param input a path, or `-` for stdin
 * @param wanted the protocol; `auto` goes by the body
 * @throws KtsError KTS_USAGE when the file cannot be read; KTS_INVALID_INPUT when it is no JSON, with the place, or no
 * request
 */
export async function readRequestBody(input: string, wanted: "auto" | "v1" | "v2"): Promise<RequestBody> {
  const name = input === "-" ? "stdin" : input;
  const text = textOf(await readInput(input), name);
  const body = parse(text, name);
  const protocol = wanted === "auto" ? protocolOfBody(body) : wanted;
  if (protocol === undefined) {
    throw new InvalidInput(
      `${name} is neither a V1 body, which has a list of "instances", nor a V2 body, whose "inputs" have datatypes`,
      { hint: "Choose one with --protocol to send it all the same." },
    );
  }
  if (!Array.isArray(body)) return { protocol, text };
  if (protocol === "v1") return { protocol, text: `{"instances":${text}}` };
  throw new InvalidInput(`${name} is a list, and a V2 body is an object with "inputs"`, {
    hint: "Leave out --protocol v2: a list is taken for V1's instances.",
  });
}

async function readInput(input: string): Promise<Uint8Array> {
  if (input === "-") return buffer(process.stdin);
  try {
    return await readFile(input);
  } catch (error) {
    const reasons: Record<string, string> = {
      ENOENT: "does not exist",
      EISDIR: "is a folder, expected a file",
      EACCES: "may not be read",
    };
    const reason =
      reasons[(error as NodeJS.ErrnoException).code ?? ""] ?? `cannot be read: ${messageOf(error)}`;
    throw new KtsError("KTS_USAGE", `the input ${input} ${reason}`, {
      cause: error,
      hint: "Give a file of JSON, or - for stdin, to --input.",
    });
  }
}

function textOf(bytes: Uint8Array, name: string): string {
  try {
    return decodeText(bytes);
  } catch (error) {
    throw new InvalidInput(`${name} is not UTF-8 text`, { cause: error, hint: "Give it JSON in UTF-8." });
  }
}

function parse(text: string, name: string): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    throw new InvalidInput(`${name} is no JSON: ${explainSyntaxError(text)}`, {
      cause: error,
      hint: "Correct it at that place.",
    });
  }
}
