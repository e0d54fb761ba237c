import { describe, expect, it } from "vitest";
import { layerNames } from "../../builder/layer-names.ts";

const BASE = [
  { created_by: "/bin/sh -c #(nop) ADD file:1f in / " },
  { created_by: '/bin/sh -c #(nop)  CMD ["bash"]', empty_layer: true },
  { created_by: "/bin/sh -c #(nop) COPY file:2e in /usr/local/bin/ " },
];
const labelled = (names: string) => ({ Labels: { "io.kserve-ts.layers": names } });

describe("layerNames", () => {
  it("names the last COPYs of the classic builder as the label has them, and what stands between by its instruction", () => {
    const history = [
      ...BASE,
      { created_by: "/bin/sh -c #(nop) COPY dir:3d in / " },
      { created_by: "node /opt/kserve-ts/lib/prepare-image.js" },
      { created_by: "/bin/sh -c #(nop) WORKDIR /app" },
      { created_by: "/bin/sh -c #(nop) COPY dir:4c in / " },
      { created_by: "/bin/sh -c #(nop)  LABEL a=b", empty_layer: true },
    ];
    const names = layerNames({ history, config: labelled("server model") }, 6);
    expect(names).toEqual([undefined, undefined, "server", "RUN", "WORKDIR", "model"]);
  });

  it("names those of BuildKit", () => {
    const history = [
      ...BASE,
      { created_by: "WORKDIR /app" + " # buildkit" },
      { created_by: "COPY model/ / # buildkit" },
      { created_by: "LABEL a=b", empty_layer: true },
    ];
    const names = layerNames({ history, config: labelled("model") }, 4);
    expect(names).toEqual([undefined, undefined, undefined, "model"]);
  });

  it("takes the names of an image that was laid without Docker from its history", () => {
    const history = [...BASE, { created_by: "kserve-ts build", comment: "config" }];
    expect(layerNames({ history }, 3)).toEqual([undefined, undefined, "config"]);
  });

  it.each([
    ["has no label", { history: BASE }, 2],
    ["has more names than COPYs", { history: BASE, config: labelled("a b c") }, 2],
    ["has a history of other layers", { history: BASE, config: labelled("a") }, 3],
    ["has no history", { config: labelled("a") }, 1],
  ])("names nothing where the image %s", (_case, image, count) => {
    expect(layerNames(image, count)).toEqual(new Array(count).fill(undefined));
  });
});
