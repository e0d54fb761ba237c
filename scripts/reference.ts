/** Writes docs/26-reference.md from the code: `node scripts/reference.ts`. */
import { writeFile } from "node:fs/promises";
import { referencePage } from "./reference/page.ts";

await writeFile(new URL("../docs/26-reference.md", import.meta.url), await referencePage());
