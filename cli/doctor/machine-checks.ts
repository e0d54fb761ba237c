import type { Check } from "../../deployer/doctor/check.ts";
import type { DeploySettings } from "../../deployer/config/settings.ts";
import type { Environment } from "../verb.ts";
import { docker } from "./checks/docker.ts";
import { node } from "./checks/node.ts";
import { registry } from "./checks/registry.ts";

/** This machine, and what is to be deployed from it. */
export interface MachineSubject {
  readonly env: Environment;
  /** Undefined: there is no config file, or it cannot be read. */
  readonly settings: DeploySettings | undefined;
  /** Whether the check was asked for by its name. */
  isAskedFor(name: string): boolean;
}

/** Every check of the machine; a new one is a file and a line here. */
export const MACHINE_CHECKS: readonly Check<MachineSubject>[] = [node, docker, registry];
