import { flushCompileCache } from "node:module";
import type { MessagePort } from "node:worker_threads";
import type { ModelSource } from "../models/source.ts";
import { loadPredictor } from "../models/load-predictor.ts";
import { expectedLoadMs } from "../pipeline/kept-models.ts";
import type { FromSharedThread, LoadQuestion, ToSharedThread } from "./messages.ts";
import { hostModel } from "./model-host.ts";

/** Loads come in crowds; what they compiled is kept once the crowd is over. */
const FLUSH_MS = 1000;

/** Hosts as many models in this thread as it is told to, each with a port of its own. */
export function hostSeveral(parent: MessagePort): void {
  const hosted = new Map<number, ModelSource>();
  let flushing: NodeJS.Timeout | undefined;
  parent.on("message", (message: ToSharedThread | LoadQuestion) => {
    if ("question" in message) return void answer(message, parent);
    const { seat, port, boot } = message;
    hosted.set(seat, boot.source);
    const hosting = hostModel(port, boot);
    void hosting.then(() => {
      clearTimeout(flushing);
      flushing = setTimeout(flushCompileCache, FLUSH_MS).unref();
    });
    port.on("close", () => {
      hosted.delete(seat);
      // Whoever gave it up without a word must not leave it in memory: the thread lives on.
      void hosting.then((unload) => unload?.());
    });
  });
  const blame = (stack: string) => {
    for (const [seat, source] of hosted) {
      const message: FromSharedThread = { type: "blame", seat };
      if (isIn(source, stack)) parent.postMessage(message);
    }
  };
  // Whoever brings the thread down is told from the others by the code that the way there leads through.
  process.on("uncaughtExceptionMonitor", (error: unknown) => blame(stackOf(error)));
  process.on("exit", () => blame(stackOf(new Error("exit"))));
}

async function answer({ question, source }: LoadQuestion, parent: MessagePort): Promise<void> {
  // What keeps it from being imported is told by whoever loads it.
  const predictor = await loadPredictor(source).catch(() => undefined);
  const loadMs = predictor && expectedLoadMs(source, predictor);
  const message: FromSharedThread = { type: "expected", question, loadMs };
  parent.postMessage(message);
}

function isIn({ predictorPath }: ModelSource, stack: string): boolean {
  return predictorPath !== undefined && stack.includes(predictorPath);
}

function stackOf(error: unknown): string {
  return error instanceof Error ? (error.stack ?? "") : "";
}
