/** Serves a folder from the sources, with one worker and one thread: `node batching-server.ts FOLDER`. Tells its port by IPC. */
import { createServer } from "../../runtime/index.ts";
import { MODEL_NAME } from "../load/http-post.ts";

const server = await createServer({
  folder: process.argv[2] ?? ".",
  options: { httpPort: 0, modelName: MODEL_NAME, workers: 1, intraOpThreads: 1, logLevel: "error" },
});
process.on("message", () => void server.stop().then(() => process.disconnect()));
process.send?.(server.port);
