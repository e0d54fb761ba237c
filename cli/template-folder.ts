import { fileURLToPath } from "node:url";

/** Where the package has its templates: one folder up from here, in the sources and in the bundle alike. */
export const TEMPLATE_FOLDER = fileURLToPath(new URL("../templates/", import.meta.url));
