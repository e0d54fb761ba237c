import type { KubeObject } from "../../cluster/cluster.ts";
import { RESOURCES } from "../../cluster/resources.ts";
import { type RuntimeFacts, runtimeFacts } from "../../cluster/runtimes.ts";
import { membersOf } from "../../members.ts";
import type { Check, ClusterSubject, Outcome } from "../check.ts";

/** A runtime, and whether somebody has turned it off. */
type Runtime = Pick<RuntimeFacts, "name" | "protocols" | "formats"> & { readonly isDisabled: boolean };

/** Whether there are runtimes, and one for the model that is deployed. */
export const runtimes: Check<ClusterSubject> = {
  name: "runtimes",
  async run({ cluster, settings }, signal) {
    const lists = await Promise.all(
      [RESOURCES.servingRuntime, RESOURCES.clusterServingRuntime].map(async (resource) => {
        const { items } = await cluster.list(resource, {}, signal);
        return items.map((object) => toRuntime(object, resource === RESOURCES.servingRuntime));
      }),
    );
    const found = lists.flat();
    if (settings.predictor === "custom") return overview(found);
    return forModel(found, {
      format: settings.model?.format?.name ?? settings.predictor,
      ...(settings.model?.runtime !== undefined && { runtime: settings.model.runtime }),
      ...(settings.protocolVersion !== undefined && { protocol: settings.protocolVersion }),
    });
  },
};

function toRuntime(object: KubeObject, isNamespaced: boolean): Runtime {
  const isDisabled = membersOf(object["spec"])["disabled"] === true;
  return { ...runtimeFacts(object, isNamespaced), isDisabled };
}

function overview(found: readonly Runtime[]): Outcome {
  const formats = formatsOf(found);
  if (formats.length === 0) {
    return {
      status: "ok",
      message: "there are no runtimes; a predictor of your own needs none",
    };
  }
  return { status: "ok", message: `${found.length} runtimes, for ${formats.join(", ")}` };
}

function forModel(
  found: readonly Runtime[],
  wanted: { readonly format: string; readonly runtime?: string; readonly protocol?: string },
): Outcome {
  const { format, runtime, protocol } = wanted;
  const fits = (each: Runtime) => each.formats.some(({ name }) => name === format);
  const usable = found.filter(({ isDisabled }) => !isDisabled);
  if (runtime !== undefined) {
    const named = found.find(({ name }) => name === runtime);
    if (named === undefined) {
      const near = usable.filter(fits).map(({ name }) => name);
      return {
        status: "fail",
        message: `there is no runtime ${runtime}`,
        fix: near.length > 0 ? `For ${format} there is ${near.join(", ")}.` : "Install it, or name another.",
      };
    }
    if (named.isDisabled) {
      return { status: "fail", message: `the runtime ${runtime} is disabled`, fix: "Choose another." };
    }
    return { status: "ok", message: `${format} runs on ${runtime}` };
  }
  const forFormat = usable.filter((each) => each.formats.some((f) => f.name === format && f.isAuto));
  const chosen = forFormat.filter(
    ({ protocols }) => protocol === undefined || protocols.length === 0 || protocols.includes(protocol),
  );
  if (chosen.length > 0) {
    return { status: "ok", message: `${format} runs on ${chosen.map(({ name }) => name).join(" or ")}` };
  }
  if (forFormat.length > 0) {
    const known = [...new Set(forFormat.flatMap(({ protocols }) => protocols))];
    return {
      status: "fail",
      message: `no runtime for ${format} speaks ${protocol}`,
      fix: `Set protocolVersion to ${known.join(" or ")}.`,
    };
  }
  const byName = usable.filter(fits).map(({ name }) => name);
  return {
    status: "fail",
    message: `no runtime is chosen for ${format} by itself`,
    fix:
      byName.length > 0
        ? `Name it as model.runtime: ${byName.join(" or ")}.`
        : `Install one (KServe's own are in its release as kserve-cluster-resources); there are some for ${formatsOf(usable).join(", ") || "nothing"}.`,
  };
}

function formatsOf(found: readonly Runtime[]): readonly string[] {
  const usable = found.filter(({ isDisabled }) => !isDisabled);
  return [...new Set(usable.flatMap(({ formats }) => formats.map(({ name }) => name)))].toSorted();
}
