import type { Resource } from "../../cluster/resources.ts";
import { quantityValue } from "../../config/quantity.ts";
import { membersOf } from "../../members.ts";
import type { Check, ClusterSubject } from "../check.ts";

const RESOURCE_QUOTA: Resource = {
  group: "",
  version: "v1",
  plural: "resourcequotas",
  kind: "ResourceQuota",
  namespaced: true,
};

/** Share of a quota from which it is near its end. */
const NEAR_END = 0.9;

/** Whether the namespace's quotas have room. */
export const quota: Check<ClusterSubject> = {
  name: "quota",
  async run({ cluster, namespace }, signal) {
    const { items } = await cluster.list(RESOURCE_QUOTA, {}, signal);
    if (items.length === 0) return { status: "ok", message: `namespace ${namespace} has no quota` };
    const uses = items.flatMap((item) => {
      const { hard, used } = membersOf(item["status"]);
      return Object.entries(membersOf(hard)).map(([name, most]) =>
        useOf(`${item.metadata.name}: ${name}`, membersOf(used)[name], most),
      );
    });
    const high = uses.filter(({ share }) => share >= NEAR_END);
    if (high.length === 0) {
      const names = items.map(({ metadata }) => metadata.name).join(", ");
      return { status: "ok", message: `there is room in the quota ${names}` };
    }
    const isUsedUp = high.some(({ share }) => share >= 1);
    return {
      status: "warn",
      message: `a quota of namespace ${namespace} is ${isUsedUp ? "used up" : "near its end"}: ${high.map(({ text }) => text).join(", ")}`,
      fix: "Delete or stop what is not needed, ask for less (resources), or have the quota raised.",
    };
  },
};

function useOf(
  name: string,
  used: unknown,
  most: unknown,
): { readonly text: string; readonly share: number } {
  const [part, whole] = [used, most].map((value) => amountOf(value));
  const share = part === undefined || whole === undefined || whole === 0 ? 0 : part / whole;
  return { text: `${name} ${String(used)} of ${String(most)}`, share };
}

function amountOf(value: unknown): number | undefined {
  return typeof value === "string" || typeof value === "number" ? quantityValue(value) : undefined;
}
