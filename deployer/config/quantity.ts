/** What a suffix of a quantity stands for. */
const FACTORS: Readonly<Record<string, number>> = {
  n: 1e-9,
  u: 1e-6,
  m: 1e-3,
  "": 1,
  k: 1e3,
  M: 1e6,
  G: 1e9,
  T: 1e12,
  P: 1e15,
  E: 1e18,
  Ki: 2 ** 10,
  Mi: 2 ** 20,
  Gi: 2 ** 30,
  Ti: 2 ** 40,
  Pi: 2 ** 50,
  Ei: 2 ** 60,
};

/** The value of a quantity as Kubernetes writes it (`500m`, `1.5Gi`, `2e3`); undefined where it is none. */
export function quantityValue(quantity: string | number): number | undefined {
  const [, digits, exponent, suffix] =
    /^([+-]?(?:\d+\.?\d*|\.\d+))(?:([eE][+-]?\d+)|([numkMGTPE]|[KMGTPE]i)?)$/.exec(String(quantity)) ?? [];
  if (digits === undefined) return undefined;
  return Number(`${digits}${exponent ?? ""}`) * (FACTORS[suffix ?? ""] as number);
}

/** Why a quantity cannot be what a resource gets, with a likely fix; undefined where it can. */
export function quantityProblem(resource: string, quantity: string | number): string | undefined {
  const value = quantityValue(quantity);
  if (value === undefined) return notAQuantity(resource, String(quantity));
  if (value < 0) return "a quantity that is not negative";
  if (isBytes(resource)) return bytesProblem(String(quantity), value);
  if (resource !== "cpu" && !Number.isInteger(value)) return `a whole number of ${resource}`;
  return undefined;
}

function isBytes(resource: string): boolean {
  return resource === "memory" || resource === "ephemeral-storage" || resource.startsWith("hugepages-");
}

/** `500m` of memory is half a byte: the most frequent slip there is, since `m` is right for CPUs. */
function bytesProblem(quantity: string, value: number): string | undefined {
  const number = quantity.replace(/[a-zA-Z]+$/, "");
  if (/[num]$/.test(quantity)) {
    return `an amount of bytes such as "${number}Mi" ("${quantity}" is ${value} bytes: m is a thousandth)`;
  }
  if (!Number.isInteger(value)) return "a whole number of bytes";
  if (value > 0 && value < 2 ** 20) {
    return `an amount of bytes such as "${number}Mi" or "${number}Gi" ("${quantity}" is ${value} bytes)`;
  }
  return undefined;
}

function notAQuantity(resource: string, quantity: string): string {
  const [, digits, unit] = /^\s*([\d.]+)\s*([a-zA-Z]+)\s*$/.exec(quantity) ?? [];
  const prefix = unit?.toUpperCase().match(/^([KMGTP])I?B?$/)?.[1];
  if (isBytes(resource) && digits !== undefined && prefix !== undefined) {
    return `a quantity: write "${digits}${prefix}i"`;
  }
  return resource === "cpu" ? 'a quantity such as "500m" or "2"' : 'a quantity such as "2Gi" or "1"';
}
