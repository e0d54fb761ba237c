import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type TestServer, servePredictor } from "../runtime/serving.ts";
import { type Page, placeOf, readPages } from "./documents.ts";
import { type Command, commandsOf } from "./shell.ts";

/** A request that a page shows. */
interface Shown {
  readonly place: string;
  readonly method: string;
  readonly path: string;
  readonly body: string | undefined;
}

/** What one would ask of our server: by curl in a block, or by method and path in a sentence or a table. */
function requestsOf(page: Page): Shown[] {
  const asked = page.blocks.flatMap((block) =>
    commandsOf(block.code).flatMap((command) => {
      const request = command[0] === "curl" ? requestOfCurl(command) : undefined;
      return request === undefined ? [] : [{ place: placeOf(page, block), ...request }];
    }),
  );
  const text = page.text.replaceAll(/^```[^]*?^```$/gm, "");
  const named = [...text.matchAll(/`(GET|POST) (\/[^`\s]*)`/g)].map(([, method = "", path = ""]) => ({
    place: `${page.path}, in the text`,
    method,
    path,
    body: undefined,
  }));
  return [...asked, ...named];
}

function requestOfCurl(command: Command): Omit<Shown, "place"> | undefined {
  const url = command.find((word) => /^(?:https?:\/\/)?[\w.-]+(?::\d+)?\/(?!\/)/.test(word));
  if (url === undefined) return undefined;
  const at = command.findIndex((word) => word === "-d" || word.startsWith("--data"));
  const body = at === -1 ? undefined : command[at + 1];
  const method =
    command.indexOf("-X") === -1 ? (body === undefined ? "GET" : "POST") : command[command.indexOf("-X") + 1];
  return { method: method ?? "GET", path: url.replace(/^(?:https?:\/\/)?[^/]+/, ""), body };
}

/** A path with the model and version that the test's server has. */
function served(path: string): string {
  return path
    .replace(/\/models\/(?!stats\b)(?:\{+[^}]*\}+|[^/:?]+)/, "/models/m")
    .replace(/\/versions\/(?:\{+[^}]*\}+|[^/?]+)/, "/versions/1");
}

const shown = (await readPages()).flatMap(requestsOf).filter(({ path }) => !path.includes("..."));
const cases = [...new Map(shown.map((one) => [`${one.place}: ${one.method} ${one.path}`, one]))];

let server: TestServer;
beforeAll(async () => {
  server = await servePredictor(`
    export const execution = "inline";
    export const predict = (_model, input) => input;
    export const explain = (_model, input) => input;
  `);
});
afterAll(() => server[Symbol.asyncDispose]());

describe("the requests of the documentation", () => {
  it.each(cases)("%s", async (_name, { method, path, body }) => {
    const answer = await fetch(server.url + served(path), {
      method,
      ...(method === "POST" && { body: body ?? "" }),
    });
    const { error = "" } = answer.ok ? {} : ((await answer.json()) as { error?: string });
    await answer.body?.cancel().catch(() => undefined);
    // An empty body is no request, versions are not served here, and the model is gone once a page unloads it: what matters is
    // that the server has the route.
    expect(`${answer.status} ${error}`).not.toMatch(/^(?:404 (?!Model with name m )|405 )/);
  });

  it("have bodies that are JSON", () => {
    for (const { body } of shown) if (body !== undefined && !body.startsWith("@")) JSON.parse(body);
    expect(cases.length).toBeGreaterThan(10);
  });
});
