/** Packages and uploads a model as `deploy` does, and prints how long each took: `upload-child.ts <file> <store>`. */
import type * as Deployer from "../../deployer/index.ts";

const DEPLOYER = new URL("../../dist/deployer.js", import.meta.url).href;
const [, , path = "", uri = ""] = process.argv;
const { openStore, packageModel, uploadModel } = (await import(DEPLOYER)) as typeof Deployer;
const { signal } = new AbortController();
const started = performance.now();
const model = await packageModel({ path, modelName: "large" });
const packaged = performance.now();
await using store = await openStore(uri, { env: process.env, signal });
const { storageUri, uploadedBytes } = await uploadModel(model, store, { name: "large", signal });
const uploaded = performance.now();
const { user, system } = process.cpuUsage();
console.log(
  JSON.stringify({
    storageUri,
    uploadedBytes,
    hashMs: packaged - started,
    uploadMs: uploaded - packaged,
    cpuMs: (user + system) / 1000,
    peakBytes: process.resourceUsage().maxRSS * 1024,
  }),
);
