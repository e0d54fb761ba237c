import { createHash } from "node:crypto";
import { readFile } from "node:fs/promises";
import { RUNS_FROM_SOURCE } from "../workers/own-entry.ts";
import type { Pages } from "./bundle-pages.ts";

/** A page and the policy that it is shown under. */
export interface GuardedPage {
  readonly html: string;
  /** The Content-Security-Policy: nothing but the page's own script and style runs, and nothing is loaded from afar. */
  readonly policy: string;
}

/** The pages by what they show. */
export type GuardedPages = Readonly<Record<keyof Pages, GuardedPage>>;

/** Reads the pages that the package has, or bundles them where the server runs from its sources. */
export async function loadPages(): Promise<GuardedPages> {
  const { playground, docs } = RUNS_FROM_SOURCE ? await bundled() : await built();
  return { playground: guarded(playground), docs: guarded(docs) };
}

async function bundled(): Promise<Pages> {
  const { bundlePages } = await import("./bundle-pages.ts");
  return bundlePages();
}

/** Beside the file that this one ends up in, as `scripts/build.ts` wrote it. */
async function built(): Promise<Pages> {
  return JSON.parse(await readFile(new URL("./playground.json", import.meta.url), "utf8")) as Pages;
}

function guarded(html: string): GuardedPage {
  return { html, policy: policyOf(html) };
}

function policyOf(html: string): string {
  return [
    "default-src 'none'",
    `script-src ${hashOf(html, "script")}`,
    `style-src ${hashOf(html, "style")}`,
    "connect-src 'self'",
    "img-src data: blob:",
    "base-uri 'none'",
    "form-action 'none'",
    "frame-ancestors 'none'",
    "require-trusted-types-for 'script'",
    "trusted-types 'none'",
  ].join("; ");
}

/** The hash of the page's one script, or style. */
function hashOf(html: string, element: "script" | "style"): string {
  const text = new RegExp(`<${element}>([\\s\\S]*?)</${element}>`).exec(html)?.[1] ?? "";
  return `'sha256-${createHash("sha256").update(text).digest("base64")}'`;
}
