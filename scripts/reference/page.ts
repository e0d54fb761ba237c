import { format, resolveConfig } from "prettier";
import { exitCodes } from "../../cli/exit-codes.ts";
import { defaultText, usageOf } from "../../cli/help.ts";
import { VERBS } from "../../cli/verbs.ts";
import { ERROR_CATALOGUE } from "../../contract/errors.ts";
import { configSections } from "./config-settings.ts";
import { code, markdownTable } from "./markdown-table.ts";
import { metricsTable } from "./metrics.ts";
import { readSources } from "./program.ts";
import { publicApi } from "./public-api.ts";

/** docs/26-reference.md, as the code is now. */
export async function referencePage(): Promise<string> {
  const sources = readSources();
  const parts = [
    "# Reference",
    "Generated from the code by `node scripts/reference.ts`; a test says when it is stale. The chapters say how to use it.",
    "## Verbs and flags",
    "Each verb's options, with defaults and meanings, are in [the command line](04-cli.md).",
    await verbs(),
    "## The config file",
    "`kserve.config.ts`, `.mts`, `.js`, `.mjs`, `.json`, `.yaml` or `.yml`, whose type is `KserveConfig`. `models.NAME` takes the " +
      "settings of `model`, and `targets.NAME.deploy` those of `deploy`. `deploy.transformer` and `deploy.explainer` take `image`, " +
      "`command`, `args`, `env`, `resources`, `gpu`, `logger`, `batcher` and what scales, as `deploy` does.",
    ...configSections(sources).flatMap(({ name, table }) => [`### ${name}`, markdownTable(table)]),
    "## Environment variables",
    "A variable stands for a flag of `serve`, and for a setting of `deploy` as `KSERVE_TS_DEPLOY_` and its name ([deploying](14-deploying.md#configuration)).",
    await variables(),
    "## Metrics",
    "What `/metrics` has beside Node's own (`process_*`, `nodejs_*`) and the predictor's. `model_version` is there where a model has versions.",
    markdownTable(await metricsTable()),
    "## Errors",
    "Statuses, exit code and the hint. [Troubleshooting](24-troubleshooting.md) says of each what it comes from.",
    errors(),
    "## Exit codes",
    markdownTable([
      ["exit code", "meaning"],
      ...exitCodes().map(({ code: exit, meaning }) => [String(exit), meaning]),
    ]),
    "## The package",
    "What each entry point exports. Everything is documented where it is defined, so that an editor shows it.",
    ...publicApi(sources).flatMap(({ name, table }) => [`### ${name}`, markdownTable(table)]),
  ];
  const config = await resolveConfig(new URL("../../docs/26-reference.md", import.meta.url).pathname);
  return format(`${parts.join("\n\n")}\n`, { ...config, parser: "markdown" });
}

async function verbs(): Promise<string> {
  const rows = (await VERBS.all()).map((verb) => [
    `[${code(usageOf(verb))}](04-cli.md#kserve-ts-${verb.name})`,
    verb.summary,
    Object.values(verb.options)
      .map(({ flag }) => code(`--${flag}`))
      .slice(0, 6)
      .join(", ") + (Object.keys(verb.options).length > 6 ? ", ..." : ""),
  ]);
  return markdownTable([["verb", "what it does", "options"], ...rows]);
}

async function variables(): Promise<string> {
  const rows = (await VERBS.all()).flatMap(({ name, options }) =>
    Object.values(options).flatMap((option) =>
      option.env.map((variable) => [
        code(variable),
        code(name),
        code(`--${option.flag}`),
        defaultText(option) ?? "",
      ]),
    ),
  );
  return markdownTable([["variable", "verb", "stands for", "default"], ...rows]);
}

function errors(): string {
  const rows = Object.entries(ERROR_CATALOGUE).map(([name, { http, grpc, exit, hint }]) => [
    `[${code(name)}](24-troubleshooting.md#${name.toLowerCase()})`,
    String(http),
    String(grpc),
    String(exit),
    hint,
  ]);
  return markdownTable([["code", "HTTP", "gRPC", "exit", "hint"], ...rows]);
}
