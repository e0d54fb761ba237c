import { expect, it } from "vitest";
import { parse } from "yaml";
import { parseDeployFile } from "../../deployer/index.ts";
import { type Page, readPages } from "./documents.ts";

it("the config file in ZenML's names means the same as the one in ours", async () => {
  const page = (await readPages()).find(({ path }) => path === "docs/22-from-zenml.md") as Page;
  const [ours, theirs] = page.blocks
    .filter(({ language }) => language === "yaml")
    .map(({ code }) => parseDeployFile(parse(code), "the snippet"));
  expect(ours).toBeDefined();
  expect(theirs).toEqual(ours);
});
