/** An image's HEALTHCHECK: asks the URL that it is given, and ends with 0 where the answer is a good one. */
import { get } from "node:http";

const ANSWER_MS = 4_000;

const [, , url = "http://127.0.0.1:8080/v2/health/ready"] = process.argv;
get(url, { timeout: ANSWER_MS, agent: false }, ({ statusCode = 0 }) => process.exit(statusCode < 400 ? 0 : 1))
  .on("timeout", () => process.exit(1))
  .on("error", () => process.exit(1));
