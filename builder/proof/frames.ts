import type { Readable } from "node:stream";

/** A line that a container wrote. */
export interface ContainerLine {
  readonly stream: "stdout" | "stderr";
  readonly text: string;
}

const HEADER_BYTES = 8;

/**
 * The lines of a container or of a program in it, taken out of the frames that the engine wraps them in: a byte for
 * the stream, three of nothing, four for the length.
 * Format: https://docs.docker.com/reference/api/engine/version/v1.41/#tag/Container/operation/ContainerAttach
 */
export async function* readLines(source: Readable): AsyncGenerator<ContainerLine> {
  const rests = { stdout: "", stderr: "" };
  const decoders = { stdout: new TextDecoder(), stderr: new TextDecoder() };
  let buffered = Buffer.alloc(0);
  for await (const chunk of source) {
    buffered = Buffer.concat([buffered, chunk as Buffer]);
    while (buffered.length >= HEADER_BYTES) {
      const end = HEADER_BYTES + buffered.readUInt32BE(4);
      if (buffered.length < end) break;
      const stream = buffered[0] === 2 ? "stderr" : "stdout";
      const text = decoders[stream].decode(buffered.subarray(HEADER_BYTES, end), { stream: true });
      buffered = buffered.subarray(end);
      const lines = (rests[stream] + text).split("\n");
      rests[stream] = lines.pop() ?? "";
      for (const line of lines) yield { stream, text: line.replace(/\r$/, "") };
    }
  }
  for (const stream of ["stdout", "stderr"] as const) {
    if (rests[stream] !== "") yield { stream, text: rests[stream] };
  }
}
