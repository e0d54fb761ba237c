import { open } from "node:fs/promises";
import { basename } from "node:path";
import type { Architecture, Platform } from "./build-plan.ts";

/** Names that code for one machine has. */
const NATIVE = /\.(node|dll|dylib|exe|so|lib|a)$|\.so\.[\d.]+$/i;

/** ELF's numbers of the machines (e_machine). */
const ELF_MACHINES: Readonly<Record<Architecture, number>> = { amd64: 0x3e, arm64: 0xb7 };

/** Whether a file's name says that it is code for one machine. */
export function isNativeName(path: string): boolean {
  return NATIVE.test(path);
}

/**
 * Whether a native file runs on a platform, judged by its own header: a package's folders are named in many ways.
 * What is built for musl, which only names tell, does not run on a glibc image.
 * @param path absolute
 */
export async function runsOn(path: string, { architecture }: Platform): Promise<boolean> {
  if (/(^|[-._/])musl([-._/]|$)/i.test(path.split("/").slice(-4).join("/"))) return false;
  if (/\.(lib|a|dll|dylib|exe)$/i.test(basename(path))) return false;
  const header = await headerOf(path);
  const isElf = header.length >= 20 && header.readUInt32BE(0) === 0x7f454c46;
  return isElf && header.readUInt16LE(18) === ELF_MACHINES[architecture];
}

async function headerOf(path: string): Promise<Buffer> {
  await using file = await open(path);
  const { bytesRead, buffer } = await file.read(Buffer.alloc(20), 0, 20, 0);
  return buffer.subarray(0, bytesRead);
}
