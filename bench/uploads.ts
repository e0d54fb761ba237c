/** Uploads of a large model beside the aws command and rclone: `node bench/uploads.ts [--rounds 3] [--megabytes 1000] [--without rclone]`. */
import { execFile } from "node:child_process";
import { createCipheriv } from "node:crypto";
import { createWriteStream } from "node:fs";
import { mkdtemp, readdir, rm, stat, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pipeline } from "node:stream/promises";
import { fileURLToPath } from "node:url";
import { parseArgs, promisify } from "node:util";
import { startS3 } from "../test/integration/storage/servers.ts";
import { type OurDetail, uploadsMarkdown } from "./uploads/report.ts";
import { timeUpload } from "./uploads/time-upload.ts";
import { findUploaders } from "./uploads/uploaders.ts";

const RESULTS = fileURLToPath(new URL("./results/uploads.md", import.meta.url));
const CHUNK_BYTES = 1 << 20;

const { values } = parseArgs({
  options: {
    rounds: { type: "string", default: "3" },
    megabytes: { type: "string", default: "1000" },
    without: { type: "string", default: "" },
  },
});
const { uploaders, missing } = await findUploaders(values.without.split(","));
const sizeBytes = Number(values.megabytes) * 1e6;
const folder = await mkdtemp(join(tmpdir(), "kserve-ts-uploads-"));
try {
  await using server = await startS3();
  const file = join(folder, "model.joblib");
  await writePickle(file, sizeBytes);
  const times = new Map(uploaders.map(({ name }) => [name, { processMs: [], transferMs: [] } as Times]));
  const ours: OurDetail[] = [];
  for (let round = 0; round < Number(values.rounds); round++) {
    for (const [place] of uploaders.entries()) {
      const uploader = uploaders[(place + round) % uploaders.length];
      if (uploader === undefined) continue;
      // What is still on its way to the disk would be in the next one's way.
      await promisify(execFile)("sync");
      const { processMs, transferMs, stdout } = await timeUpload(uploader.command(file, server), server);
      times.get(uploader.name)?.processMs.push(processMs);
      times.get(uploader.name)?.transferMs.push(transferMs);
      if (stdout !== "") ours.push(JSON.parse(stdout) as OurDetail);
      console.error(
        `${uploader.name}: ${processMs.toFixed(0)} ms, the transfer ${transferMs.toFixed(0)} ms ${stdout.trim()}`,
      );
      await checkAndClear(join(server.folder, "models"));
    }
  }
  const report = uploadsMarkdown({ sizeBytes, times, ours, missing });
  console.log(report);
  await writeFile(RESULTS, report);
} finally {
  await rm(folder, { recursive: true, force: true });
}

interface Times {
  readonly processMs: number[];
  readonly transferMs: number[];
}

/** A pickle of random bytes: a model of scikit-learn as far as its file tells. */
async function writePickle(path: string, bytes: number): Promise<void> {
  const opening = Buffer.alloc(11);
  opening.write("\x80\x04\x8e", "latin1");
  opening.writeBigUInt64LE(BigInt(bytes - opening.length - 1), 3);
  await pipeline(async function* () {
    const cipher = createCipheriv("aes-128-ctr", Buffer.alloc(16, 1), Buffer.alloc(16));
    const zeros = Buffer.alloc(CHUNK_BYTES);
    yield opening;
    for (let left = bytes - opening.length - 1; left > 0; left -= CHUNK_BYTES)
      yield cipher.update(zeros.subarray(0, left));
    yield Buffer.from(".");
  }, createWriteStream(path));
}

/** What has been uploaded must be all there, and goes away. */
async function checkAndClear(bucket: string): Promise<void> {
  for (const name of await readdir(bucket, { recursive: true })) {
    const found = await stat(join(bucket, name));
    if (found.isFile() && found.size !== sizeBytes) throw new Error(`${name} has ${found.size} bytes`);
  }
  for (const name of await readdir(bucket)) await rm(join(bucket, name), { recursive: true });
}
