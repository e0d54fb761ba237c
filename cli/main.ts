#!/usr/bin/env node
/** The command `kserve-ts`. */
import { runCommandLine } from "./run-command-line.ts";
import { VERBS } from "./verbs.ts";

await runCommandLine(VERBS);
