import { readdir } from "node:fs/promises";
import { expect, it } from "vitest";
import { Cli, folderWith, untilServing } from "../../cli/run-cli.ts";

it("keeps ONNX Runtime from reporting to its makers: nothing of it is left in the home folder", async () => {
  await using home = await folderWith({ "a-file": "" });
  const flags = ["--http_port", "0", "--intra_op_threads", "1"];
  await using cli = new Cli(["serve", "examples/digits", ...flags], { env: { HOME: home.path } });
  await untilServing(cli);
  cli.signal("SIGTERM");
  expect((await cli.ended).exitCode).toBe(0);
  expect(await readdir(home.path)).toEqual(["a-file"]);
});
