import { fileKind } from "../file-kind.ts";
import { isAtLeast, kserveText } from "../kserve-version.ts";
import { type SourceFile, extensionOf } from "../model-source.ts";
import { fileProblem, unsupported } from "../problems.ts";
import type { FormatContext, StandardFormat } from "./format.ts";
import { inspectPickle, isOldPickle } from "./pickles.ts";
import { KIND_TEXTS, onlyFile, storeFile } from "./single-file.ts";

const EXTENSIONS = [".joblib", ".pkl", ".pickle"];

/** What KServe's own server of that release has installed; a pickle of another release may load wrongly, or not at all. */
const SERVER_VERSIONS: readonly { readonly from: number; readonly version: string }[] = [
  { from: 20, version: "1.5.2" },
];

/** Packages that come with the server, beside Python's own; `_loss` is what scikit-learn's compiled losses call themselves. */
const AT_THE_SERVER = new Set([
  ..."sklearn _loss numpy scipy joblib pandas threadpoolctl builtins __builtin__ copyreg copy_reg _codecs collections".split(
    " ",
  ),
  ..."functools operator datetime decimal fractions types re random uuid pathlib enum pytz dateutil".split(
    " ",
  ),
]);

/** scikit-learn: a pickle, by joblib or not. */
export const sklearn: StandardFormat = {
  format: "sklearn",
  takes: "a .joblib, .pkl or .pickle file",
  layOut(source, context) {
    const file = onlyFile(source, {
      what: "a .joblib, .pkl or .pickle file",
      extensions: EXTENSIONS,
      kinds: ["pickle", "compressed-pickle"],
    });
    const kind = fileKind(file);
    const old = (kind === "text" || kind === "other") && isOldPickle(file);
    if (kind !== "pickle" && kind !== "compressed-pickle" && !old) {
      throw fileProblem(file.file, {
        expected: "a pickle of a scikit-learn model",
        got: KIND_TEXTS[kind],
        hint: 'Save the model again: joblib.dump(model, "model.joblib").',
      });
    }
    const version = inspect(file, context);
    const extension = extensionOf(file.path);
    // The oldest server knows these three names alone, and so does MLServer.
    const name = `model${EXTENSIONS.includes(extension) ? extension : ".joblib"}`;
    return {
      layout: "flat",
      files: [storeFile(file, name)],
      frameworks: version === undefined ? {} : { "scikit-learn": version },
    };
  },
};

function inspect(file: SourceFile, context: FormatContext): string | undefined {
  context.warn({
    path: file.file,
    message: "is a pickle: loading it runs what its author wrote, with the rights of the server",
    hint: "Deploy pickles from sources you trust alone, or convert the model to ONNX (skl2onnx).",
  });
  const report = inspectPickle(file, new Set(["_sklearn_version"]));
  if (report === undefined) {
    context.warn({
      path: file.file,
      message:
        "is compressed in a way that cannot be looked into; only its server will tell whether it loads",
      hint: "joblib.dump(model, path, compress=0) writes one that can be verified.",
    });
    return undefined;
  }
  checkClasses(file, report.globals, context);
  const version = report.attributes.get("_sklearn_version");
  checkVersion(file, version, context);
  return version;
}

function checkClasses(file: SourceFile, globals: ReadonlySet<string>, context: FormatContext): void {
  const own = [...globals].find((name) => name.startsWith("__main__ "));
  if (own !== undefined) {
    throw unsupported(file.file, {
      expected: "classes and functions that the server can import",
      got: `${own.replace(" ", ".")}, which was defined in the script that saved the model`,
      hint: "Move it into a package that the server's image has, or serve the model from an image of your own.",
    });
  }
  const foreign = new Set(
    [...globals].map((name) => name.split(/[. ]/)[0] ?? "").filter((root) => !AT_THE_SERVER.has(root)),
  );
  if (foreign.size === 0) return;
  const names = [...foreign].sort().join(", ");
  const booster = ["xgboost", "lightgbm"].find((name) => foreign.has(name));
  if (booster !== undefined && !context.ownRuntime) {
    throw unsupported(file.file, {
      expected: "a model of scikit-learn alone",
      got: `a pickle that needs ${names}, which KServe's sklearn server does not have`,
      hint: `Save the booster itself (${booster === "xgboost" ? 'model.save_model("model.json")' : 'model.booster_.save_model("model.bst")'}) and deploy it as ${booster}.`,
    });
  }
  context.warn({
    path: file.file,
    message: `needs ${names} when it is loaded, which KServe's sklearn server may not have`,
    hint: "Deploy it with an image that has the packages.",
  });
}

function checkVersion(file: SourceFile, version: string | undefined, context: FormatContext): void {
  if (version === undefined || context.ownRuntime) return;
  const server = SERVER_VERSIONS.find(({ from }) => isAtLeast(context.kserve, from))?.version;
  if (server === undefined || minorOf(server) === minorOf(version)) return;
  context.warn({
    path: file.file,
    message: `was saved by scikit-learn ${version}, and KServe ${kserveText(context.kserve)}'s server has ${server}`,
    hint: `Train with scikit-learn ${server}, or deploy with a runtime that has ${version}.`,
  });
}

/** `1.5` of `1.5.2` */
function minorOf(version: string): string {
  return version.split(".").slice(0, 2).join(".");
}
