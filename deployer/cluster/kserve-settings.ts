import type { DeploymentMode } from "../../contract/deploy-config.ts";
import { type Members, isPlainObject } from "../manifests/manifest.ts";
import type { S3KeyNames } from "../manifests/plan.ts";
import type { KubeObject } from "./cluster.ts";

/** What KServe's ConfigMap says, as far as it says it. */
export interface KserveSettings {
  readonly defaultMode?: DeploymentMode;
  readonly usesGatewayApi: boolean;
  readonly domain?: string;
  readonly s3KeyNames?: S3KeyNames;
  /** Image of the container that fetches models. */
  readonly initializerImage?: string;
}

/** The modes by all the names that they had. */
const MODES: Readonly<Record<string, DeploymentMode>> = {
  Serverless: "Knative",
  Knative: "Knative",
  RawDeployment: "Standard",
  Standard: "Standard",
};

/** Reads the ConfigMap `inferenceservice-config`; each of its keys holds JSON. */
export function settingsIn(configMap: KubeObject | undefined): KserveSettings {
  const data = isPlainObject(configMap?.data) ? configMap.data : {};
  const ingress = section(data, "ingress");
  const mode = MODES[String(section(data, "deploy").defaultDeploymentMode)];
  const s3 = section(data, "credentials").s3;
  const domain = ingress.ingressDomain;
  const image = section(data, "storageInitializer").image;
  return {
    ...(mode !== undefined && { defaultMode: mode }),
    usesGatewayApi: String(ingress.enableGatewayApi) === "true",
    ...(typeof domain === "string" && domain !== "" && { domain }),
    ...(isPlainObject(s3) && { s3KeyNames: keyNames(s3) }),
    ...(typeof image === "string" && { initializerImage: image }),
  };
}

function keyNames({ s3AccessKeyIDName: id, s3SecretAccessKeyName: secret }: Members): S3KeyNames {
  return {
    accessKeyId: typeof id === "string" && id !== "" ? id : "AWS_ACCESS_KEY_ID",
    secretAccessKey: typeof secret === "string" && secret !== "" ? secret : "AWS_SECRET_ACCESS_KEY",
  };
}

function section(data: Members, key: string): Members {
  try {
    const content = JSON.parse(String(data[key])) as unknown;
    return isPlainObject(content) ? content : {};
  } catch {
    // KServe itself falls back to what it ships.
    return {};
  }
}
