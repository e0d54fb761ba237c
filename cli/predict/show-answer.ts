import type { ServerAnswer } from "../../client/index.ts";
import { KtsError } from "../../contract/errors.ts";
import { decodeText } from "../../protocol/json/parse.ts";
import { parseExact } from "../../protocol/json/exact.ts";
import type { Terminal } from "../terminal/terminal.ts";
import { answerTable } from "./answer-table.ts";
import { layOutJson } from "./lay-out-json.ts";

const LINE_FEED = 0x0a;

/**
 * Shows a server's answer.
 * @throws KtsError KTS_SERVER_ANSWERED when a table is wanted of what has none
 */
export function showAnswer(answer: ServerAnswer, output: "json" | "table", terminal: Terminal): void {
  if (output === "table") {
    for (const line of answerTable(readJson(answer), terminal)) terminal.print(line);
  } else if (terminal.isInteractive && isJson(answer)) {
    terminal.print(layOutJson(decodeText(answer.bytes), terminal.width));
  } else {
    terminal.write(answer.bytes);
    if (isJson(answer) && answer.bytes.at(-1) !== LINE_FEED) terminal.print("");
  }
}

function isJson({ headers }: ServerAnswer): boolean {
  const type = (headers["content-type"] ?? "").split(";", 1)[0]?.trim().toLowerCase() ?? "";
  return type === "application/json" || type.endsWith("+json");
}

function readJson(answer: ServerAnswer): unknown {
  try {
    return parseExact(decodeText(answer.bytes));
  } catch (error) {
    throw new KtsError("KTS_SERVER_ANSWERED", "the answer is no JSON, so there is no table of it", {
      cause: error,
      hint: "Leave out -o table.",
    });
  }
}
