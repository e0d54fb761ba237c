#!/usr/bin/env node
/** The command `kserve-ts`. */
import { provideAsyncDisposableStack } from "./async-disposable-stack.ts";
import { runCommandLine } from "./run-command-line.ts";
import { VERBS } from "./verbs.ts";

provideAsyncDisposableStack();
await runCommandLine(VERBS);
