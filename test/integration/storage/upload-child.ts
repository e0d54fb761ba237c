/** Uploads a model and kills itself when enough of it has arrived: what a crash leaves. */
import { openStore } from "../../../deployer/storage/open-store.ts";
import { uploadModel } from "../../../deployer/storage/upload.ts";
import { KINDS } from "./kinds.ts";
import { modelOf, someBytes } from "./models.ts";

const [, , name, port, sizeBytes, stopAfter] = process.argv;
const kind = KINDS.find((one) => one.name === name);
if (kind === undefined) throw new Error(`no store ${name}`);
const { signal } = new AbortController();
const model = await modelOf({ "model.onnx": someBytes(Number(sizeBytes)) });
const store = await openStore(kind.uri("models"), { ...kind.access(Number(port)), signal, maxRequests: 2 });
await uploadModel(model, store, {
  name: "killed",
  signal,
  onProgress: ({ uploadedBytes }) => {
    if (uploadedBytes >= Number(stopAfter)) process.kill(process.pid, "SIGKILL");
  },
});
