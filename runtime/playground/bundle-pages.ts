import { readFile } from "node:fs/promises";
import { fileURLToPath } from "node:url";

const FOLDER = new URL("./page/", import.meta.url);

/** The playground's page, and that of the API: whole HTML documents that load nothing further. */
export interface Pages {
  readonly playground: string;
  readonly docs: string;
}

/** Bundles the pages from their sources. `scripts/build.ts` keeps what it gives for the package. */
export async function bundlePages(): Promise<Pages> {
  const style = await bundle("style.css");
  const page = async (name: "main" | "docs", title: string): Promise<string> => {
    const script = await bundle(`${name}.ts`);
    const frame = await readFile(new URL("frame.html", FOLDER), "utf8");
    // By functions, since a replacement text has a meaning for `$`.
    return frame
      .replace("%TITLE%", () => title)
      .replace("%STYLE%", () => style)
      .replace("%SCRIPT%", () => script);
  };
  const [playground, docs] = await Promise.all([
    page("main", "kserve-ts playground"),
    page("docs", "kserve-ts API"),
  ]);
  return { playground, docs };
}

async function bundle(file: string): Promise<string> {
  const { build } = await import("esbuild");
  const { outputFiles } = await build({
    entryPoints: [fileURLToPath(new URL(file, FOLDER))],
    bundle: true,
    minify: true,
    format: "iife",
    platform: "browser",
    // `light-dark()` stays as it is: browsers know it since these.
    target: ["chrome123", "firefox120", "safari17.5"],
    charset: "utf8",
    legalComments: "none",
    write: false,
  });
  const text = (outputFiles[0]?.text ?? "").trim();
  if (/<\/(?:script|style)/i.test(text)) throw new Error(`${file} would end the element that it stands in`);
  return text;
}
