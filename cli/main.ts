#!/usr/bin/env node
/** The command `kserve-ts`. */
import "./async-disposable-stack.ts";
import { runCommandLine } from "./run-command-line.ts";
import { VERBS } from "./verbs.ts";

await runCommandLine(VERBS);
