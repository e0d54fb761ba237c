import type { IncomingHttpHeaders } from "node:http";
import type { DataPlane } from "../data-plane.ts";
import type { CodeWatch } from "../dev/code-state.ts";
import type { Lifecycle } from "../lifecycle.ts";
import type { ServerOptions } from "../options.ts";
import { readExamples } from "./examples.ts";
import { Guard } from "./guard.ts";
import { type GuardedPage, type GuardedPages, loadPages } from "./pages.ts";
import type { RecentRequests } from "./recent-requests.ts";
import { modelView } from "./state.ts";
import type { StateView } from "./wire.ts";

/** What the playground shows. */
export interface PlaygroundParts {
  readonly plane: DataPlane;
  readonly lifecycle: Lifecycle;
  readonly options: ServerOptions;
  readonly recent: RecentRequests;
  readonly codeWatch: CodeWatch | undefined;
  /** The served folder, or a file in it. */
  readonly served: string;
  readonly productVersion: string;
}

/** An answer of the playground's. */
export interface PlaygroundAnswer {
  readonly status: number;
  /** Alternating names and values. */
  readonly headers: readonly string[];
  readonly body: string;
}

/** For every answer: nobody keeps it, guesses its type, frames it, or learns where a link was clicked. */
const HEADERS: readonly string[] = [
  ...["Cache-Control", "no-store"],
  ...["X-Content-Type-Options", "nosniff"],
  ...["X-Frame-Options", "DENY"],
  ...["Referrer-Policy", "no-referrer"],
  ...["Cross-Origin-Resource-Policy", "same-origin"],
  ...["Cross-Origin-Opener-Policy", "same-origin"],
];

/** Answers the playground's routes, whatever carries them. */
export class Playground {
  readonly #parts: PlaygroundParts;
  readonly #guard: Guard;
  #pages: Promise<GuardedPages> | undefined;

  constructor(parts: PlaygroundParts) {
    this.#parts = parts;
    this.#guard = new Guard(parts.options);
  }

  /**
   * The answer to a GET of one of its paths.
   * @param query of the request's target
   */
  async answer(
    path: string,
    query: URLSearchParams,
    headers: IncomingHttpHeaders,
  ): Promise<PlaygroundAnswer> {
    // Express takes a path in any case, and with a slash at its end.
    const at = path.toLowerCase().replace(/\/$/, "");
    const isData = at.startsWith("/playground/");
    const refusal = this.#guard.refusal(headers, !isData);
    if (refusal !== undefined) return text(403, "text/plain; charset=utf-8", `${refusal}\n`);
    if (at === "/playground/examples") {
      return json(await readExamples(this.#parts.served, this.#parts.plane.names));
    }
    if (isData) return json(this.#state(numberOf(query.get("requests")), numberOf(query.get("log"))));
    const { playground, docs } = await this.#loaded();
    return page(at === "/docs" ? docs : playground);
  }

  /** Where it fails, the next request tries again. */
  #loaded(): Promise<GuardedPages> {
    this.#pages ??= loadPages().catch((error: unknown) => {
      this.#pages = undefined;
      throw error;
    });
    return this.#pages;
  }

  /** @param request after which requests are told @param line and lines of the log */
  #state(request: number, line: number): StateView {
    const { plane, lifecycle, recent, codeWatch, productVersion } = this.#parts;
    return {
      version: productVersion,
      state: lifecycle.state,
      uptimeMs: Math.round(performance.now()),
      code: codeWatch?.state,
      models: plane.models.map(modelView),
      requests: recent.requestsAfter(request),
      log: recent.linesAfter(line),
    };
  }
}

function numberOf(text: string | null): number {
  const number = Number(text ?? 0);
  return Number.isFinite(number) ? number : 0;
}

function page({ html, policy }: GuardedPage): PlaygroundAnswer {
  const answer = text(200, "text/html; charset=utf-8", html);
  // Of `/` a client that wants no page gets JSON.
  return { ...answer, headers: [...answer.headers, "Content-Security-Policy", policy, "Vary", "Accept"] };
}

function json(value: unknown): PlaygroundAnswer {
  return text(200, "application/json", JSON.stringify(value));
}

function text(status: number, type: string, body: string): PlaygroundAnswer {
  const length = String(Buffer.byteLength(body));
  return { status, headers: ["Content-Type", type, "Content-Length", length, ...HEADERS], body };
}
