import { fileURLToPath } from "node:url";
import { type StoreServer, S3_KEYS } from "../../test/integration/storage/servers.ts";
import { goTool, pythonTool } from "../../test/integration/storage/tools.ts";

const AWSCLI = "awscli==1.46.3";
const RCLONE = "v1.69.3";
const CHILD = fileURLToPath(new URL("./upload-child.ts", import.meta.url));

/** A program that uploads a file to S3, as it is by default. */
export interface Uploader {
  readonly name: string;
  /** What is run, for a file and a store. */
  command(file: string, server: StoreServer): Command;
}

/** A process to start. */
export interface Command {
  readonly program: string;
  readonly args: readonly string[];
  readonly env: Readonly<Record<string, string>>;
}

/** The credentials and the place, and nothing of the settings that whoever runs this has for these programs. */
function awsEnvironment(server: StoreServer): Record<string, string> {
  return {
    AWS_ACCESS_KEY_ID: S3_KEYS.id,
    AWS_SECRET_ACCESS_KEY: S3_KEYS.key,
    AWS_ENDPOINT_URL: server.url,
    AWS_REGION: "us-east-1",
    AWS_CONFIG_FILE: "/dev/null",
    AWS_SHARED_CREDENTIALS_FILE: "/dev/null",
  };
}

const OURS: Uploader = {
  name: "kserve-ts",
  command: (file, server) => ({
    program: process.execPath,
    args: [CHILD, file, "s3://models/kserve-ts"],
    env: awsEnvironment(server),
  }),
};

async function awsCli(): Promise<Uploader> {
  const program = await pythonTool("aws", AWSCLI);
  return {
    name: `aws s3 cp (${AWSCLI.replace("==", " ")})`,
    command: (file, server) => ({
      program,
      args: ["s3", "cp", "--only-show-errors", file, "s3://models/awscli/model.joblib"],
      env: awsEnvironment(server),
    }),
  };
}

async function rclone(): Promise<Uploader> {
  const program = await goTool("rclone", `github.com/rclone/rclone@${RCLONE}`);
  return {
    name: `rclone copyto (${RCLONE.slice(1)})`,
    command: (file, server) => ({
      program,
      args: ["copyto", "--config", "/dev/null", file, ":s3:models/rclone/model.joblib"],
      env: {
        RCLONE_S3_PROVIDER: "Other",
        RCLONE_S3_ENDPOINT: server.url,
        RCLONE_S3_REGION: "us-east-1",
        RCLONE_S3_ACCESS_KEY_ID: S3_KEYS.id,
        RCLONE_S3_SECRET_ACCESS_KEY: S3_KEYS.key,
      },
    }),
  };
}

/** Ours first; the others as far as they are wanted and can be installed, and why not. */
export async function findUploaders(without: readonly string[]): Promise<{
  readonly uploaders: readonly Uploader[];
  readonly missing: readonly string[];
}> {
  const others = { awscli: awsCli, rclone };
  const uploaders: Uploader[] = [OURS];
  const missing: string[] = [];
  for (const [name, find] of Object.entries(others)) {
    if (without.includes(name)) {
      missing.push(name);
      continue;
    }
    try {
      uploaders.push(await find());
    } catch (error) {
      missing.push(
        `${name}, which could not be installed (${(error as Error).message.split("\n")[0] ?? ""})`,
      );
    }
  }
  return { uploaders, missing };
}
