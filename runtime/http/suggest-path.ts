/** Paths people come with from other servers or from memory, and what they are here. */
const NEAR_MISSES: readonly (readonly [pattern: RegExp, path: (...groups: string[]) => string])[] = [
  [/^\/v1\/models\/([^/:]+)[/:](predict|explain)\/?$/, (model, verb) => `/v1/models/${model}:${verb}`],
  [
    /^\/v1\/models\/([^/:]+)\/versions\/[^/]+[/:](predict|explain)\/?$/,
    (model, verb) => `/v1/models/${model}:${verb}`,
  ],
  [/^\/v1\/models\/([^/:]+)\/infer\/?$/, (model) => `/v2/models/${model}/infer`],
  [/^\/v2\/models\/([^/:]+)[/:]predict\/?$/, (model) => `/v2/models/${model}/infer`],
  [/^\/v2\/models\/([^/:]+):infer\/?$/, (model) => `/v2/models/${model}/infer`],
  [/^\/v2\/models\/([^/:]+)\/infer\/$/, (model) => `/v2/models/${model}/infer`],
  [/^\/models\/([^/:]+)(\/.*)?$/, (model) => `/v2/models/${model}`],
  [/^\/(?:v[12]\/)?(?:health|healthz|readyz|ready)\/?$/, () => "/v2/health/ready"],
  [/^\/(?:livez|live)\/?$/, () => "/v2/health/live"],
  [/^\/(?:docs|swagger|openapi|redoc)(?:\/.*|\.json)?$/, () => "/openapi.json"],
  [/^\/v2\/health\/?$/, () => "/v2/health/ready"],
  [/^\/v1\/?$/, () => "/v1/models"],
  [/^\/(?:predict|infer|invocations|predictions)(?:\/.*)?$/, () => "/v1/models/{name}:predict"],
];

/** The path that was probably meant; undefined when nothing of ours is near. */
export function suggestPath(path: string): string | undefined {
  for (const [pattern, rewrite] of NEAR_MISSES) {
    const match = pattern.exec(path);
    if (match !== null) return rewrite(...match.slice(1));
  }
  return undefined;
}
