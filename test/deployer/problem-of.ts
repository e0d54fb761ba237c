import { messageOf } from "../../contract/errors.ts";
import { parseDeployFile } from "../../deployer/config/parse.ts";

/** The message with which something refuses; empty where it does not. */
export function problemOf(refusing: () => unknown): string {
  try {
    refusing();
    return "";
  } catch (error) {
    return messageOf(error);
  }
}

/** What is wrong with a `deploy` section by itself, without the file's name. */
export function deployProblem(deploy: unknown): string {
  return problemOf(() => parseDeployFile({ deploy }, "file")).replaceAll("file: ", "");
}
