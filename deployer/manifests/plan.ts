import type { DeploymentMode } from "../../contract/deploy-config.ts";
import type { RuntimeFacts } from "../cluster/runtimes.ts";
import type { DeploySettings } from "../config/settings.ts";
import type { KserveVersion } from "../kserve-version.ts";
import type { SecretValues } from "../secret-text.ts";
import type { Members } from "./manifest.ts";

/** A model where the cluster reads it: what laying out and uploading gave, or a URI used in place. */
export interface PlacedModel {
  /** Where it is. */
  readonly storageUri: string;
  /** Its format in KServe's words. Default: the setting's, else the predictor kind. */
  readonly format?: string;
  readonly formatVersion?: string;
  /** The protocol that its layout asks for. Default: the setting's, else the kind's. */
  readonly protocolVersion?: "v1" | "v2" | "grpc-v1" | "grpc-v2";
  /** Hash of its files: another one rolls new pods out, be the URI the same. */
  readonly contentHash?: string;
}

/** Everything that manifests are made of: settings that were checked, and facts about the cluster. */
export interface DeployPlan {
  readonly settings: DeploySettings;
  readonly namespace: string;
  readonly mode: DeploymentMode;
  readonly version: KserveVersion;
  /** Domain of the cluster's hosts, where it is known. */
  readonly domain?: string;
  /** A custom predictor's image with its digest. Default: the setting's. */
  readonly image?: string;
  /** Default: the setting's URI, used in place. */
  readonly model?: PlacedModel;
  /** The setting's credentials with `@path` values read. Default: the setting's. */
  readonly secretValues?: SecretValues;
  /** Names of S3's keys in a Secret, as the cluster's ConfigMap has them. Default: as KServe ships it. */
  readonly s3KeyNames?: S3KeyNames;
  /** The runtimes that KServe chooses from. Default: not known. */
  readonly runtimes?: readonly RuntimeFacts[];
  /**
   * The predictor that runs now, as the cluster has it: a canary on Standard stands beside it, and one that was promoted
   * keeps its name.
   */
  readonly stable?: Members;
}

/** Names of S3's keys in a Secret. */
export interface S3KeyNames {
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
}
