import { inspect } from "node:util";
import { describe, expect, it } from "vitest";
import { KtsError } from "../../contract/errors.ts";
import { deployEnvironment } from "../../deployer/config/environment.ts";
import { type DeployLayers, layerDeployment } from "../../deployer/config/layers.ts";
import { parseDeploy, parseDeployFile } from "../../deployer/config/parse.ts";
import { SECRET_KEYS } from "../../deployer/config/secret-keys.ts";
import { planWarnings } from "../../deployer/manifests/warnings.ts";
import { toYaml } from "../../deployer/manifests/print.ts";
import { render } from "../../deployer/manifests/render.ts";
import { readSecretFiles } from "../../deployer/secret-text.ts";
import { KINDS, planOf } from "./plans.ts";

/** A value that is nowhere else, in letters that JSON, YAML and a URL leave as they are. */
const HIDDEN = "swordfish8271";

/** The forms in which a value could be seen. */
const FORMS = [
  HIDDEN,
  Buffer.from(HIDDEN).toString("base64"),
  Buffer.from(HIDDEN).toString("hex"),
  HIDDEN.slice(0, 10),
];

/** Everything that a value of ours shows when it is printed, logged or thrown. */
function shownBy(value: unknown): string {
  const error = value instanceof Error ? [value.message, value.stack, String(value.cause)] : [];
  const hints = value instanceof KtsError ? [value.hint, JSON.stringify(value)] : [];
  return [
    ...error,
    ...hints,
    String(value),
    JSON.stringify(value),
    inspect(value, { depth: 20, showHidden: true }),
  ].join("\n");
}

/** What something returns or throws. */
function outcomeOf(work: () => unknown): unknown {
  try {
    return work();
  } catch (error) {
    return error;
  }
}

function expectHidden(value: unknown): void {
  const shown = shownBy(value);
  for (const form of FORMS) expect(shown).not.toContain(form);
}

/** Config files in which a secret is where it belongs or, by a slip, where it does not. */
const FILES: Readonly<Record<string, object>> = {
  ...Object.fromEntries(
    SECRET_KEYS.map((key) => [`a lone ${key}`, { deploy: { secret: { [key]: HIDDEN } } }]),
  ),
  "a number for a value": { deploy: { secret: { aws_access_key_id: 8271, hf_token: HIDDEN } } },
  "a list for a value": { deploy: { secret: { hf_token: [HIDDEN] } } },
  "an object for a value": { deploy: { secret: { hf_token: { value: HIDDEN } } } },
  "an unknown key": { deploy: { secret: { hf_tokn: HIDDEN } } },
  "a session token": { deploy: { secret: { aws_session_token: HIDDEN } } },
  "a value in place of a Secret's name": { deploy: { secret: `${HIDDEN}/Ab+` } },
  "a list in place of a secret": { deploy: { secret: [HIDDEN] } },
  "a misspelt section": { deploy: { secrt: { hf_token: HIDDEN } } },
  "a target's secret": { targets: { staging: { secret: { hf_token: HIDDEN, oops: HIDDEN } } } },
  "a target's deploy": { targets: { staging: { deploy: { secret: { hf_tokn: HIDDEN } } } } },
  "a target's value in place of a name": { targets: { staging: { secret: `${HIDDEN}/Ab+` } } },
  "ZenML's name for a secret": { deploy: { secret_name: `${HIDDEN}/Ab+` } },
  "a contradicting endpoint": {
    deploy: {
      secret: {
        aws_access_key_id: HIDDEN,
        aws_secret_access_key: HIDDEN,
        s3_endpoint: "https://a",
        s3_use_https: false,
      },
    },
  },
  "a role beside an account": {
    deploy: { serviceAccountName: "a", secret: { hf_token: HIDDEN }, identity: { azureClientId: "c" } },
  },
};

describe("values of a secret", () => {
  it.each(Object.entries(FILES))("are not shown by reading a file with %s", (_, file) => {
    expectHidden(
      outcomeOf(() => {
        const parsed = parseDeployFile(file, "kserve.config.ts");
        const target = Object.keys(parsed.targets)[0];
        const layers: DeployLayers = { file: parsed, folderName: "digits", flags: target ? { target } : {} };
        // What is read is a person's own text; what is made of it hides it.
        return layerDeployment(layers);
      }),
    );
  });

  it.each(Object.entries(FILES))("are not shown by rendering %s", (_, file) => {
    const { deploy = {} } = file as { deploy?: object };
    const made = outcomeOf(() => {
      const plan = planOf({ ...KINDS.sklearn, ...deploy });
      const manifests = render(plan);
      return { plan, manifests, yaml: toYaml(manifests), warnings: planWarnings(plan) };
    });
    expectHidden(made);
  });

  it("are not shown by settings from the environment or from flags", () => {
    expectHidden(outcomeOf(() => parseDeploy({ secret: { hf_tokn: HIDDEN } }, "--set")));
    expectHidden(outcomeOf(() => deployEnvironment({ KSERVE_TS_DEPLOY_SECRET: `{"hf_tokn":"${HIDDEN}"}` })));
    expectHidden(outcomeOf(() => deployEnvironment({ KSERVE_TS_DEPLOY_SECRET: `{"hf_token":"${HIDDEN}` })));
  });

  it("are not shown when they come from a file", async () => {
    const { settings } = planOf({
      ...KINDS.sklearn,
      secret: { google_application_credentials: "@key.json" },
    });
    const values = await readSecretFiles(settings.secret as never, () =>
      Promise.resolve(`{"key":"${HIDDEN}"}`),
    );
    expectHidden(values);
    const broken = await readSecretFiles(settings.secret as never, () =>
      Promise.resolve(`{"key":"${HIDDEN}`),
    );
    expectHidden(outcomeOf(() => render({ ...planOf(KINDS.sklearn), secretValues: broken })));
  });
});
