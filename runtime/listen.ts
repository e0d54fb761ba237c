import type { AddressInfo, Server } from "node:net";
import { setImmediate as afterReading } from "node:timers/promises";
import { KtsError } from "../contract/errors.ts";

/**
 * How long an idle connection is kept once no new ones are taken. A client that has just sent a request on it would
 * else lose it; one whose connection is not used for this long is most likely not about to.
 */
export const IDLE_MS = 250;

/**
 * Listens on a port; 0 takes a free one.
 * @param flag the option that chooses the port, for the message
 * @throws KtsError KTS_PORT_IN_USE when the port cannot be had
 */
export async function listenOn(
  server: Server,
  port: number,
  host: string,
  flag: string,
): Promise<AddressInfo> {
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  const refuse = (error: NodeJS.ErrnoException) => reject(listenError(error, port, host, flag));
  server.once("error", refuse);
  server.listen(port, host, resolve);
  await promise;
  server.off("error", refuse);
  return server.address() as AddressInfo;
}

/** Waits until something is done, at most so many milliseconds. */
export async function orAfter(done: Promise<void>, ms: number): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>();
  const timer = setTimeout(resolve, ms);
  await Promise.race([done, promise]);
  clearTimeout(timer);
}

/**
 * Waits until connections and bytes that the kernel has by now are taken. A process that got no time for a while finds its
 * timers due before it reads, and would close a connection as idle with a request on it.
 */
export async function readArrived(): Promise<void> {
  // The first round takes connections, the second their bytes.
  for (let round = 0; round < 2; round++) await afterReading();
}

function listenError(error: NodeJS.ErrnoException, port: number, host: string, flag: string): KtsError {
  const where = `port ${port} on ${host}`;
  switch (error.code) {
    case "EADDRINUSE":
      return new KtsError(
        "KTS_PORT_IN_USE",
        `${where} is in use by another program; choose another with ${flag}.`,
        { cause: error, hint: `Choose another with ${flag}.` },
      );
    case "EACCES":
      return new KtsError(
        "KTS_PORT_IN_USE",
        `${where} needs privileges; choose one above 1023 with ${flag}.`,
        { cause: error, hint: `Choose another with ${flag}.` },
      );
    case "EADDRNOTAVAIL":
    case "ENOTFOUND":
      return new KtsError(
        "KTS_PORT_IN_USE",
        `${host} is not an address of this machine; choose another with --host.`,
        {
          cause: error,
          hint: "Choose another with --host.",
        },
      );
    default:
      return new KtsError("KTS_PORT_IN_USE", `cannot listen on ${where}: ${error.message}`, { cause: error });
  }
}
