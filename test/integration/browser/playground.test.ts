import { execFile } from "node:child_process";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import type { Browser, Page } from "playwright-core";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { projectOf, watchProject } from "../../runtime/dev/watched.ts";
import { type TestServer, serveFolder } from "../../runtime/serving.ts";
import {
  ARTIFACTS,
  type WatchedPage,
  axeViolations,
  keepScreenshot,
  openPage,
  startChromium,
} from "./chromium.ts";
import { playgroundModels, sevenPng } from "./playground-models.ts";

const run = promisify(execFile);

let browser: Browser;
let server: TestServer;
let models: Awaited<ReturnType<typeof playgroundModels>>;
beforeAll(async () => {
  models = await playgroundModels();
  const options = { playground: true, logLevel: "warn" } as const;
  server = await serveFolder(models.path, { options });
  browser = await startChromium();
});

afterAll(async () => {
  await browser?.close();
  await server?.stop();
  await models?.[Symbol.asyncDispose]();
});

/** The page with a model chosen. */
async function open(model: string, options: Parameters<typeof openPage>[2] = {}): Promise<WatchedPage> {
  const opened = await openPage(browser, server.url, options);
  await opened.page.getByLabel("Model").selectOption(model);
  return opened;
}

async function choose(page: Page, segment: string): Promise<void> {
  await page.getByRole("radio", { name: segment, exact: true }).check();
}

async function send(page: Page): Promise<void> {
  await page.getByRole("button", { name: "Send", exact: true }).click();
}

/** Waits for the answer's status line. */
async function answered(page: Page, text: string | RegExp): Promise<void> {
  await page.locator("#answer .status").getByText(text).waitFor();
  await page.waitForFunction(
    () => !document.querySelector("#answer .status")?.textContent?.includes("Waiting"),
  );
}

async function cells(page: Page): Promise<readonly string[]> {
  await page.getByRole("tab", { name: "Table" }).click();
  return page.locator("#answer [role=tabpanel]:not([hidden]) td").allTextContents();
}

/** Draws a seven with the pointer. */
async function drawSeven(page: Page): Promise<void> {
  const box = await page.locator(".pad canvas").boundingBox();
  if (box === null) throw new Error("there is no pad");
  const to = (x: number, y: number, steps = 8) =>
    page.mouse.move(box.x + x * box.width, box.y + y * box.height, { steps });
  await to(0.25, 0.2, 1);
  await page.mouse.down();
  await to(0.75, 0.2);
  await to(0.45, 0.85);
  await page.mouse.up();
}

describe("the playground in Chromium", () => {
  it("shows a model's form, and is usable at once", async () => {
    const times: number[] = [];
    for (let visit = 0; visit < 5; visit++) {
      await using opened = await openPage(browser, server.url);
      const { page, complaints } = opened;
      await page.getByRole("button", { name: "Send", exact: true }).waitFor();
      await page.waitForFunction(() => performance.getEntriesByName("usable").length > 0);
      times.push(await page.evaluate(() => performance.getEntriesByName("usable")[0]?.startTime ?? NaN));
      expect(complaints).toEqual([]);
    }
    await writeFile(join(ARTIFACTS, "usable-ms.json"), JSON.stringify(times));
    expect(times.every((time) => time > 0)).toBe(true);
  });

  it("reads a drawn digit over V1, V2 and V2 binary, and tells where the time went", async () => {
    await using opened = await open("digits");
    const { page, complaints } = opened;
    await drawSeven(page);
    for (const protocol of ["V1", "V2", "V2 binary"]) {
      await choose(page, protocol);
      await send(page);
      await answered(page, "200 OK");
      expect(await cells(page)).toEqual(["7"]);
      await page.locator(".stages").getByText("predict").waitFor();
    }
    await keepScreenshot(page, "digits-drawn");
    await page.getByRole("button", { name: "Clear" }).click();
    await send(page);
    await answered(page, "200 OK");
    expect(complaints).toEqual([]);
  });

  it("takes an image file that is chosen, dropped or pasted, and brings it to the model's form", async () => {
    const png = await sevenPng();
    await using opened = await open("digits");
    const { page, complaints } = opened;
    const file = { name: "seven.png", mimeType: "image/png", buffer: Buffer.from(png, "base64") };
    await page.getByLabel("Image file").setInputFiles(file);
    await page.getByText("28 x 28, brought to 28 x 28").waitFor();
    await send(page);
    await answered(page, "200 OK");
    expect(await cells(page)).toEqual(["7"]);
    for (const kind of ["drop", "paste"]) {
      await page.getByRole("button", { name: "Clear" }).click();
      await page.locator(".pad-editor").evaluate(
        (element, [type, data]) => {
          const bytes = Uint8Array.from(atob(data), (character) => character.charCodeAt(0));
          const transfer = new DataTransfer();
          transfer.items.add(new File([bytes], "seven.png", { type: "image/png" }));
          const event =
            type === "drop"
              ? new DragEvent("drop", { dataTransfer: transfer, bubbles: true, cancelable: true })
              : new ClipboardEvent("paste", { clipboardData: transfer, bubbles: true });
          element.dispatchEvent(event);
        },
        [kind, png] as const,
      );
      await page.waitForFunction(() => {
        const canvas = document.querySelector<HTMLCanvasElement>(".pad canvas");
        return canvas
          ?.getContext("2d")
          ?.getImageData(0, 0, 28, 28)
          .data.some((v, at) => at % 4 === 0 && v > 0);
      });
      await send(page);
      await answered(page, "200 OK");
      expect(await cells(page)).toEqual(["7"]);
    }
    await page.getByLabel("Image file").setInputFiles({ ...file, buffer: Buffer.from("no image") });
    await page.getByText("That is no image that this browser can read.").waitFor();
    expect(complaints).toEqual([]);
  });

  it("scales and inverts the values of an image", async () => {
    await using opened = await open("digits");
    const { page } = opened;
    const values = async () => {
      await choose(page, "JSON");
      const body = await page.getByLabel("The request's body as JSON").inputValue();
      await choose(page, "Form");
      const { inputs } = JSON.parse(body) as { inputs: [{ data: number[]; shape: number[] }] };
      expect(inputs[0].shape).toEqual([1, 1, 28, 28]);
      return [...new Set(inputs[0].data)];
    };
    expect(await values()).toEqual([0]);
    await page.getByLabel("Invert").check();
    expect(await values()).toEqual([255]);
    await page.getByLabel("Invert").uncheck();
    await page.getByLabel("Values").selectOption("-1");
    expect(await values()).toEqual([-1]);
    await page.getByLabel("Values").selectOption("1");
    await page.getByLabel("Invert").check();
    expect(await values()).toEqual([1]);
  });

  it("takes numbers in a table, more rows, and cells of a spreadsheet", async () => {
    await using opened = await open("iris");
    const { page, complaints } = opened;
    const cell = (row: number, column: number) =>
      page.getByRole("textbox", { name: `input, row ${row}, column ${column}`, exact: true });
    await cell(0, 0).fill("5.1");
    await cell(0, 1).fill("3.5");
    await cell(0, 2).fill("1.4");
    await cell(0, 3).fill("0.2");
    await send(page);
    await answered(page, "200 OK");
    await page.locator("#answer table.bars").waitFor();
    await page.getByRole("button", { name: "Add row" }).click();
    await cell(1, 0).evaluate((element) => {
      const clipboardData = new DataTransfer();
      clipboardData.setData("text", "6.3\t3.3\t6\t2.5\n5.1\t3.5\t1.4\t0.2");
      element.dispatchEvent(new ClipboardEvent("paste", { clipboardData, bubbles: true, cancelable: true }));
    });
    expect(await cell(2, 3).inputValue()).toBe("0.2");
    await page.getByRole("button", { name: "Remove row 2" }).click();
    await send(page);
    await answered(page, "200 OK");
    const shown = await cells(page);
    expect(shown[0]).toBe("0");
    expect(shown[2]).toBe("2");
    await page.getByRole("tab", { name: "Chart" }).click();
    await page.getByLabel("Show").selectOption("1");
    await page.getByText("probabilities, row 1").last().waitFor();
    await keepScreenshot(page, "iris-two-rows");

    await cell(1, 2).fill("six");
    await send(page);
    await page.getByText('input, row 1, column 2: expected a number, but it is "six".').waitFor();
    expect(await cell(1, 2).evaluate((element) => element === document.activeElement)).toBe(true);
    await page.getByText("The request is not complete.").first().waitFor();
    await page.getByLabel("As", { exact: true }).selectOption("json");
    await page.getByLabel("input as JSON").fill("[[6.3, 3.3, 6, 2.5]]");
    await send(page);
    await answered(page, "200 OK");
    expect((await cells(page))[0]).toBe("2");
    await page.getByLabel("input as JSON").fill("[[1, 2]");
    await send(page);
    await page.getByText(/input: this is no JSON/).waitFor();
    expect(complaints).toEqual([]);
  });

  it("takes texts, asks for explanations, and shows an error with its field and hint", async () => {
    await using opened = await open("shout");
    const { page } = opened;
    await page.getByLabel("text, text 0").fill("zwölf");
    await page.getByRole("button", { name: "Add text" }).click();
    await page.getByLabel("text, text 1").fill("slow");
    for (const protocol of ["V2", "V2 binary", "V1"]) {
      await choose(page, protocol);
      await send(page);
      await answered(page, "200 OK");
      expect(await cells(page)).toEqual(["ZWÖLF", "SLOW"]);
    }
    await choose(page, "V2");
    await choose(page, "Explain");
    expect(await page.getByRole("radio", { name: "V1", exact: true }).isChecked()).toBe(true);
    await send(page);
    await answered(page, "200 OK");
    expect(await cells(page)).toEqual(["5", "4"]);
    await choose(page, "Predict");
    await page.getByRole("button", { name: "Remove last" }).click();
    await page.getByLabel("text, text 0").fill("bad");
    await send(page);
    await answered(page, "400 Bad Request");
    const problem = page.locator("#answer .problem");
    await problem.getByText("KTS_INVALID_INPUT").waitFor();
    await problem.getByText("inputs[0].data[0]", { exact: true }).waitFor();
    await problem.getByText("Say it kindly.").waitFor();
    await keepScreenshot(page, "shout-error");
    const first = page.locator(".history tbody tr").first();
    await first.getByText("400").waitFor();
    expect(await first.textContent()).toContain("expected kind words");
    await page.getByRole("tab", { name: "Log" }).click();
    await page
      .getByText(/that was slow/)
      .first()
      .waitFor();
  });

  it("takes an image of any size where the model does", async () => {
    await using opened = await open("bright");
    const { page, complaints } = opened;
    const png = await page.evaluate(() => {
      const canvas = Object.assign(document.createElement("canvas"), { width: 20, height: 10 });
      const context = canvas.getContext("2d");
      if (context !== null) {
        context.fillStyle = "#fff";
        context.fillRect(0, 0, 10, 10);
      }
      return canvas.toDataURL("image/png").split(",")[1] as string;
    });
    const file = { name: "half.png", mimeType: "image/png", buffer: Buffer.from(png, "base64") };
    await page.getByLabel("Image file").setInputFiles(file);
    await page.getByText("20 x 10, brought to 20 x 10").waitFor();
    await page.getByLabel("Values").selectOption("1");
    for (const protocol of ["V1", "V2 binary"]) {
      await choose(page, protocol);
      await send(page);
      await answered(page, "200 OK");
      expect(await cells(page)).toEqual(["[10,20]", "0.5"]);
    }
    expect(complaints).toEqual([]);
  });

  it("asks the version of a model that is chosen", async () => {
    await using opened = await open("flowers/1");
    const { page, complaints } = opened;
    await send(page);
    await answered(page, "200 OK");
    await page.getByRole("tab", { name: "Raw" }).click();
    expect(await page.locator("#answer pre").textContent()).toContain('"model_version": "1"');
    await page.getByLabel("Model").selectOption({ label: "flowers, version 2" });
    await send(page);
    await page.locator(".history tbody tr").first().getByText("flowers 2").waitFor();
    await answered(page, "200 OK");
    await page.getByRole("tab", { name: "Raw" }).click();
    expect(await page.locator("#answer pre").textContent()).toContain('"model_version": "2"');
    expect(complaints).toEqual([]);
  });

  it("shows a picture, and bars, of an answer", async () => {
    await using opened = await open("picture");
    const { page, complaints } = opened;
    await drawSeven(page);
    for (const protocol of ["V2", "V2 binary", "V1"]) {
      await choose(page, protocol);
      await send(page);
      await answered(page, "200 OK");
      await page.getByRole("tab", { name: "Image" }).click();
      const corner = await page
        .locator("#answer canvas")
        .first()
        .evaluate((canvas: HTMLCanvasElement) => [
          ...(canvas.getContext("2d")?.getImageData(0, 0, 1, 1).data ?? []),
        ]);
      expect(corner).toEqual([255, 255, 255, 255]);
      await page.getByRole("tab", { name: "Chart" }).click();
      expect(await page.locator("#answer table.bars tr").count()).toBe(3);
    }
    await page.getByRole("tab", { name: "Raw" }).click();
    expect(await page.locator("#answer pre").textContent()).toContain('"predictions"');
    expect(complaints).toEqual([]);
  });

  it("shows the file of an image, which may be the whole answer", async () => {
    await using opened = await open("file");
    const { page, complaints } = opened;
    for (const instances of [["whole"], ["one", "two"]]) {
      await page.getByLabel("The request's body as JSON").fill(JSON.stringify({ instances }));
      await send(page);
      await answered(page, "200 OK");
      await page.getByRole("tab", { name: "Image" }).click();
      const images = page.locator("#answer img");
      await images.nth(instances.length - 1).waitFor();
      await expect
        .poll(() => images.evaluateAll((all: HTMLImageElement[]) => all.map((image) => image.naturalWidth)))
        .toEqual(instances.map(() => 28));
    }
    expect(complaints).toEqual([]);
  });

  it("fills in each of the project's examples with one click", async () => {
    await using opened = await open("digits");
    const { page, complaints } = opened;
    const answers = { seven: ["7"], "two-28x28": ["2"], "v2-three": ["3"], "zero-one-1x28x28": ["0", "1"] };
    for (const [name, digits] of Object.entries(answers)) {
      await page.getByRole("button", { name, exact: true }).click();
      await send(page);
      await answered(page, "200 OK");
      await page.locator(".stages").waitFor();
      expect([name, await cells(page)]).toEqual([name, digits]);
    }
    await page.getByLabel("Model").selectOption("iris");
    expect(await page.getByRole("button", { name: "seven", exact: true }).count()).toBe(0);
    expect(complaints).toEqual([]);
  });

  it("takes any body as JSON, and writes it in the other protocol where the signature explains it", async () => {
    await using opened = await open("iris");
    const { page } = opened;
    const body = page.getByLabel("The request's body as JSON");
    await choose(page, "JSON");
    await body.fill('{"instances": [[6.3, 3.3, 6, 2.5]]}');
    await send(page);
    await page.getByText("This is a body of V1, but V2 is chosen.").waitFor();
    await choose(page, "V1");
    await send(page);
    await answered(page, "200 OK");
    expect((await cells(page))[0]).toBe("2");
    await choose(page, "V2 binary");
    expect(JSON.parse(await body.inputValue())).toEqual({
      inputs: [{ name: "input", datatype: "FP32", shape: [1, 4], data: [6.3, 3.3, 6, 2.5] }],
    });
    await send(page);
    await answered(page, "200 OK");
    await body.fill("{");
    await send(page);
    await page.getByText(/The body is no JSON/).waitFor();
    await body.fill(
      '{"inputs": [{"name": "input", "datatype": "FP32", "shape": [1, 5], "data": [1, 2, 3, 4]}]}',
    );
    await send(page);
    await page.getByText(/Binary tensors need inputs/).waitFor();
    await choose(page, "V2");
    await send(page);
    await answered(page, "400 Bad Request");
    await page
      .locator("#answer .problem")
      .getByText(/inputs\[0\]/)
      .first()
      .waitFor();
  });

  it("offers JSON alone for a model without a signature", async () => {
    await using opened = await open("plain");
    const { page, complaints } = opened;
    expect(await page.getByRole("radio", { name: "Form", exact: true }).isVisible()).toBe(false);
    await page
      .getByLabel("The request's body as JSON")
      .fill('{"instances": [9007199254740993, {"a": [true, null]}]}');
    await send(page);
    await answered(page, "200 OK");
    await page.getByRole("tab", { name: "Raw" }).click();
    expect(await page.locator("#answer pre").textContent()).toMatch(/predictions/);
    expect(complaints).toEqual([]);
  });

  it("shows a stream as it comes, and ends it when told to", async () => {
    const gate = Promise.withResolvers<void>();
    const shared = globalThis as { playgroundGate?: Promise<void> };
    shared.playgroundGate = gate.promise;
    await using opened = await open("count");
    const { page, complaints } = opened;
    const cell = page.getByRole("textbox", { name: "n, row 0, column 0" });
    await cell.fill("3");
    await page.getByLabel("Stream").check();
    const items = page.locator("#answer .events li");
    for (const protocol of ["V2", "V1"]) {
      await choose(page, protocol);
      await send(page);
      await page.getByText("Streaming: 1 answer so far …").waitFor();
      expect(await items.count()).toBe(1);
      if (protocol === "V2") {
        await page.getByRole("button", { name: "Cancel" }).click();
        await page.getByText("It was cancelled.").waitFor();
        continue;
      }
      gate.resolve();
      await answered(page, "200 OK");
      expect(await items.allTextContents()).toEqual(["1", "2", "3"]);
      await keepScreenshot(page, "count-streamed");
    }
    expect(complaints).toEqual([]);
  });

  it("draws live charts of the model's requests", async () => {
    await using opened = await open("shout");
    const { page } = opened;
    const throughput = page.locator("#live svg").nth(1);
    const most = async () =>
      Number(/most ([\d.]+)/.exec((await throughput.getAttribute("aria-label")) ?? "")?.[1]);
    await expect
      .poll(
        async () => {
          const body = JSON.stringify({ instances: ["a", "b"] });
          await fetch(`${server.url}/v1/models/shout:predict`, { method: "POST", body });
          return most();
        },
        { timeout: 15_000 },
      )
      .toBeGreaterThan(0);
    const latency = await page.locator("#live svg").first().getAttribute("aria-label");
    expect(latency).toMatch(/p50 [\d.]+ ms, p99 [\d.]+ ms/);
    expect(await page.locator("#live svg").nth(3).getAttribute("aria-label")).toMatch(/2: [1-9]/);
    expect(await page.locator("#live svg").nth(2).getAttribute("aria-label")).toMatch(
      /waiting 0 in flight|waiting 0, in flight/,
    );
  });

  it("shows what a watched project's last change has become", async () => {
    const shout = (text: string) => `
      export const inputs = [{ name: "text", datatype: "BYTES", shape: [-1] }];
      export const predict = (_model, { text }) => text.data.map((bytes) => ${text});`;
    await using project = await projectOf({ "predictor.mjs": shout("String(bytes.length)") });
    await using watched = await watchProject(project, { options: { playground: true } });
    for (const colorScheme of ["light", "dark"] as const) {
      await using opened = await openPage(browser, watched.url, { colorScheme, bypassCSP: true });
      const { page } = opened;
      await page.getByText(/^Watching: /).waitFor();
      await project.save("predictor.mjs", shout("String(bytes.length"));
      await page.getByText("The last change does not work.").waitFor();
      expect(await page.locator("main > div .problem pre").textContent()).toMatch(/predictor\.mjs:\d+:\d+/);
      await page.getByLabel("text, text 0").fill("four");
      await send(page);
      await answered(page, "200 OK");
      expect(await axeViolations(page)).toEqual([]);
      await keepScreenshot(page, `code-broken-${colorScheme}`);
      await project.save("predictor.mjs", shout(`"${colorScheme}: " + bytes.length`));
      await page.getByText("The last change does not work.").waitFor({ state: "detached" });
      await page.getByText(/^Watching: \d changes? ha(s|ve) gone live\.$/).waitFor();
      // What was filled in stays: the signature is the same.
      await send(page);
      await page.locator("#answer td").getByText(`${colorScheme}: 4`).waitFor();
    }
  });
});

describe("the playground's code", () => {
  it.each([
    ["curl", "V1"],
    ["curl", "V2"],
    ["curl", "V2 binary"],
    ["Python", "V1"],
    ["Python", "V2"],
    ["Python", "V2 binary"],
    ["TypeScript", "V1"],
    ["TypeScript", "V2"],
    ["TypeScript", "V2 binary"],
  ])("by %s over %s asks what the page asks", async (language, protocol) => {
    await using opened = await open("iris");
    const { page } = opened;
    const text = "6.3\t3.3\t6\t2.5";
    await page.getByRole("textbox", { name: "input, row 0, column 0" }).evaluate((element, pasted) => {
      const clipboardData = new DataTransfer();
      clipboardData.setData("text", pasted);
      element.dispatchEvent(new ClipboardEvent("paste", { clipboardData, bubbles: true, cancelable: true }));
    }, text);
    await choose(page, protocol);
    await page.getByRole("tab", { name: language }).click();
    const output = await runSnippet(page, language);
    expect(output).toMatch(/probabilities|label/);
    // The class is 2: as a number, or as the bytes of an INT64, which Python shows as hex.
    const bytes = "\u0002\0\0\0\0\0\0\0";
    expect(output.replaceAll(bytes, "02".padEnd(16, "0"))).toMatch(/\b2n?\b|0200000000000000/);
  });

  it.each(["curl", "Python", "TypeScript"])(
    "by %s reads a long body from a file that the page saves",
    async (language) => {
      await using opened = await open("digits");
      const { page } = opened;
      await drawSeven(page);
      await choose(page, "V1");
      await page.getByRole("tab", { name: language }).click();
      expect(await runSnippet(page, language)).toMatch(/\b7\b/);
    },
  );

  it("is copied by a button", async () => {
    await using opened = await open("iris", { permissions: ["clipboard-read", "clipboard-write"] });
    const { page } = opened;
    await page.locator("#code").getByRole("button", { name: "Copy" }).first().click();
    await page.getByText("Copied.").waitFor();
    expect(await page.evaluate(() => navigator.clipboard.readText())).toMatch(/^curl -s 'http/);
  });
});

/** Runs the snippet that is seen, beside the file that it reads, if any. */
async function runSnippet(page: Page, language: string): Promise<string> {
  const panel = page.locator("#code [role=tabpanel]:not([hidden])");
  const text = (await panel.locator("pre").textContent()) ?? "";
  const cwd = await mkdtemp(join(tmpdir(), "kserve-ts-snippet-"));
  try {
    const save = panel.getByRole("button", { name: /^Save / });
    if ((await save.count()) > 0) {
      const [download] = await Promise.all([page.waitForEvent("download"), save.click()]);
      await download.saveAs(join(cwd, download.suggestedFilename()));
    }
    const [command, file, source] = programOf(language, text);
    await writeFile(join(cwd, file), source);
    // An answer of V2 binary is no text.
    const { stdout } = await run(command, [file], { cwd, encoding: "latin1" });
    return stdout;
  } finally {
    await rm(cwd, { recursive: true, force: true });
  }
}

function programOf(language: string, text: string): [command: string, file: string, source: string] {
  if (language === "curl") return ["bash", "ask.sh", text];
  if (language === "Python") return ["python3", "ask.py", text];
  const entry = (path: string) => JSON.stringify(new URL(`../../../${path}`, import.meta.url).href);
  const source = text
    .replace('"kserve-ts/client"', entry("client/index.ts"))
    .replace('"kserve-ts"', entry("contract/index.ts"));
  return [process.execPath, "ask.ts", source];
}

describe("the playground for everybody", () => {
  it.each(["light", "dark"] as const)(
    "has nothing that axe-core finds fault with, in %s",
    async (colorScheme) => {
      await using opened = await open("digits", { colorScheme, bypassCSP: true });
      const { page } = opened;
      const check = async (name: string) => {
        expect([name, await axeViolations(page)]).toEqual([name, []]);
        await keepScreenshot(page, `${name}-${colorScheme}`);
      };
      await drawSeven(page);
      await send(page);
      await answered(page, "200 OK");
      await page.locator(".stages").waitFor();
      await check("digits");
      await page.getByLabel("Model").selectOption("iris");
      await send(page);
      await page.locator("#answer table.bars").waitFor();
      await check("iris");
      await choose(page, "JSON");
      await page.getByRole("tab", { name: "TypeScript" }).click();
      await check("json");
      await page.getByLabel("Model").selectOption("shout");
      await page.getByLabel("text, text 0").fill("bad");
      await send(page);
      await page.locator("#answer .problem .hint").waitFor();
      await page.getByRole("tab", { name: "Log" }).click();
      await check("error");
      await page.setViewportSize({ width: 400, height: 800 });
      await page.getByLabel("Model").selectOption("picture");
      await send(page);
      await page.getByRole("tab", { name: "Image" }).waitFor();
      await check("narrow");
      const width = await page.evaluate(() => document.documentElement.scrollWidth);
      expect(width).toBeLessThanOrEqual(400);
    },
  );

  it("keeps the theme that is chosen", async () => {
    await using opened = await open("iris", { colorScheme: "light" });
    const { page } = opened;
    const background = () => page.evaluate(() => getComputedStyle(document.body).backgroundColor);
    const light = await background();
    await choose(page, "Dark");
    const dark = await background();
    expect(dark).not.toBe(light);
    await page.reload();
    await page.getByRole("radio", { name: "Dark" }).waitFor();
    expect(await background()).toBe(dark);
    await choose(page, "Light");
    expect(await background()).toBe(light);
    await page.emulateMedia({ colorScheme: "dark" });
    expect(await background()).toBe(light);
    await choose(page, "Auto");
    expect(await background()).toBe(dark);
  });

  it("can be used with the keyboard alone", async () => {
    await using opened = await open("digits");
    const { page, complaints } = opened;
    const focused = () =>
      page.evaluate(() => {
        const element = document.activeElement;
        return element?.getAttribute("aria-label") ?? element?.textContent ?? "";
      });
    const tabTo = async (wanted: RegExp) => {
      for (let press = 0; press < 60; press++) {
        await page.keyboard.press("Tab");
        if (wanted.test(await focused())) return;
      }
      throw new Error(`Tab does not lead to ${wanted}`);
    };
    await page.reload();
    await page.getByRole("button", { name: "Send", exact: true }).waitFor();
    await page.keyboard.press("Tab");
    expect(await focused()).toBe("Skip to the request");
    await page.keyboard.press("Enter");
    await tabTo(/^Drawing pad for pixels/);
    // A one: from the middle up, then all the way down.
    for (let at = 0; at < 9; at++) await page.keyboard.press("ArrowUp");
    for (let at = 0; at < 18; at++) await page.keyboard.press("Shift+ArrowDown");
    await tabTo(/^Send$/);
    await page.keyboard.press("Enter");
    await answered(page, "200 OK");
    await tabTo(/^Table$/);
    expect(await page.locator("#answer td").allTextContents()).toEqual(["1"]);
    await page.keyboard.press("ArrowRight");
    expect(await focused()).toBe("Raw");
    expect(await page.locator("#answer pre").isVisible()).toBe(true);
    await page.keyboard.press("Home");
    expect(await focused()).toBe("Table");
    await page.keyboard.press("ArrowLeft");
    expect(await focused()).toBe("Raw");
    await page.keyboard.press("Control+Enter");
    await answered(page, "200 OK");
    expect(complaints).toEqual([]);
  });

  it("documents the API at /docs, in both themes", async () => {
    for (const colorScheme of ["light", "dark"] as const) {
      const options = { colorScheme, bypassCSP: true };
      await using opened = await openPage(browser, `${server.url}/docs`, options);
      const { page, complaints } = opened;
      await page.getByRole("heading", { name: "Model digits" }).waitFor();
      await page.getByText("/v1/models/iris:predict").click();
      await page.getByRole("heading", { name: "Example" }).first().waitFor();
      expect(await axeViolations(page)).toEqual([]);
      await page.getByRole("link", { name: "iris.V1Request" }).first().click();
      expect(await page.locator("#schema-iris\\.V1Request").getAttribute("open")).not.toBeNull();
      await keepScreenshot(page, `docs-${colorScheme}`);
      expect(complaints).toEqual([]);
    }
    await using strict = await openPage(browser, `${server.url}/docs`);
    await strict.page.getByRole("heading", { name: "Model digits" }).waitFor();
    expect(strict.complaints).toEqual([]);
  });
});

describe("the playground and foreign pages", () => {
  it("does not open for a name that was pointed to this machine", async () => {
    const rebinding = await startChromium(["--host-resolver-rules=MAP evil.example 127.0.0.1"]);
    try {
      const page = await rebinding.newPage();
      const answer = await page.goto(`http://evil.example:${server.port}/`);
      expect(answer?.status()).toBe(403);
      expect(await page.textContent("body")).toContain('does not answer for the host "evil.example');
    } finally {
      await rebinding.close();
    }
  });

  it("does not open from another site's link or frame, nor tell its pages anything", async () => {
    const foreign = await startChromium(["--host-resolver-rules=MAP evil.example 127.0.0.1"]);
    try {
      const page = await foreign.newPage();
      // Any page of another site will do: the server's 403 is one.
      await page.goto(`http://evil.example:${server.port}/`);
      const read = await page.evaluate(async (url) => {
        try {
          return await (await fetch(`${url}/playground/state`)).text();
        } catch (error) {
          return String(error);
        }
      }, server.url);
      expect(read).toContain("Failed to fetch");
      const [answer] = await Promise.all([
        page.waitForResponse((response) => response.url() === `${server.url}/`),
        page.evaluate((url) => location.assign(url), `${server.url}/`),
      ]);
      expect(answer.status()).toBe(403);
    } finally {
      await foreign.close();
    }
  });
});
