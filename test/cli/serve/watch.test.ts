import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { Cli, ROOT, folderWith, runCli, untilServing } from "../run-cli.ts";

const FREE_PORT = ["--http_port", "0", "--model_name", "m"];

function says(text: string): string {
  return `export const predict = (_model: unknown, list: unknown[]) => list.map(() => ${JSON.stringify(text)});\n`;
}

async function ask(url: string): Promise<unknown> {
  const response = await fetch(`${url}/v1/models/m:predict`, { method: "POST", body: '{"instances":[1]}' });
  return ((await response.json()) as { predictions: unknown[] }).predictions[0];
}

describe("kserve-ts serve --watch", () => {
  it("tells of each change in a line, of a broken one with its place, and ends as ever", async () => {
    await using project = await folderWith({ "predictor.ts": says("old") });
    await using cli = new Cli(["serve", project.path, "--watch", ...FREE_PORT]);
    const { url } = await untilServing(cli);
    const save = (text: string) => writeFile(join(project.path, "predictor.ts"), text);
    await save(says("new"));
    await cli.until("stdout", /^predictor\.ts changed: live in \d+ ms$/m);
    expect(await ask(url)).toBe("new");
    await save("export const predict = () => [1;\n");
    await cli.until("stderr", /\^\n/);
    expect(cli.stderr).toContain(
      [
        "predictor.ts changed, but cannot serve; what was there before does:",
        'predictor.ts:1:32: Expected "]" but found ";"',
        "  1 | export const predict = () => [1;",
        `${" ".repeat(37)}^`,
        "",
      ].join("\n"),
    );
    expect(await ask(url)).toBe("new");
    await save(says("new"));
    await cli.until("stdout", /^predictor\.ts changed: as it was, which still serves$/m);
    cli.signal("SIGINT");
    expect((await cli.ended).exitCode).toBe(0);
  });

  it("waits for the change that mends a project which cannot be served yet", async () => {
    await using project = await folderWith({ "predictor.ts": "export const predict = ;\n" });
    await using cli = new Cli(["serve", project.path, "--watch", ...FREE_PORT]);
    await cli.until("stderr", /Waiting for a change\.\n/);
    expect(cli.stderr).toMatch(/^error: predictor\.ts:1:24: Unexpected ";"/);
    await writeFile(join(project.path, "predictor.ts"), says("mended"));
    const { url } = await untilServing(cli);
    expect(await ask(url)).toBe("mended");
    cli.signal("SIGTERM");
    expect((await cli.ended).exitCode).toBe(0);
  });

  it("ends at Ctrl-C while it waits for that", async () => {
    await using project = await folderWith({ "predictor.ts": "export const predict = ;\n" });
    await using cli = new Cli(["serve", project.path, "--watch", ...FREE_PORT]);
    await cli.until("stderr", /Waiting for a change\.\n/);
    cli.signal("SIGINT");
    expect((await cli.ended).exitCode).toBe(0);
  });

  it("serves the settings of models anew, and says what takes another start", async () => {
    const config = (server: object, timeoutMs: number) => JSON.stringify({ server, model: { timeoutMs } });
    await using project = await folderWith({
      "predictor.ts": `export const predict = () => new Promise(() => undefined);`,
      "kserve.config.json": config({ maxBodyBytes: 5000 }, 60_000),
    });
    await using cli = new Cli(["serve", project.path, "--watch", ...FREE_PORT, "--grace_period_ms", "0"]);
    const { url } = await untilServing(cli);
    await writeFile(join(project.path, "kserve.config.json"), config({ maxBodyBytes: 6000 }, 50));
    await cli.until("stderr", /^kserve\.config\.json changed: start again for server\.maxBodyBytes$/m);
    await cli.until("stdout", /^kserve\.config\.json changed: live in \d+ ms$/m);
    const response = await fetch(`${url}/v1/models/m:predict`, { method: "POST", body: '{"instances":[1]}' });
    expect(await response.json()).toEqual({ error: "The request took longer than 50 ms." });
  });

  it("is refused by an image's own command", async () => {
    const program = [process.execPath, join(ROOT, "cli/image/main.ts")] as const;
    expect(await runCli(["serve", "examples/digits", "--watch"], { program })).toEqual({
      stdout: "",
      stderr: [
        "error: --watch is not for an image, which serves what it was built with",
        "hint: Run kserve-ts serve --watch where the project is worked on.",
        "",
      ].join("\n"),
      exitCode: 2,
    });
  });
});
