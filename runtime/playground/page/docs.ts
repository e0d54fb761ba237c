import { getJson } from "./api.ts";
import { el } from "./dom.ts";
import { themeSwitch } from "./theme.ts";
import { isObject, printJson } from "./values.ts";

/** A part of the OpenAPI document. */
type Part = Readonly<Record<string, unknown>>;

/** Methods in the order they are shown. */
const METHODS = ["get", "post", "put", "delete"];

async function start(): Promise<void> {
  const main = el("main", { class: "docs" });
  const title = el("h1", {}, "kserve-ts ", el("span", {}, "API"));
  document.body.prepend(
    el("a", { class: "skip", href: "#routes" }, "Skip to the routes"),
    el(
      "header",
      {},
      title,
      el("span", { class: "grow" }),
      el(
        "nav",
        { "aria-label": "Further pages" },
        el("a", { href: "/" }, "Playground"),
        el("a", { href: "/openapi.json" }, "OpenAPI"),
      ),
      themeSwitch().element,
    ),
    main,
  );
  try {
    main.append(...render((await getJson("/openapi.json")) as Part));
  } catch (error) {
    main.append(el("p", { class: "bad", role: "alert" }, (error as Error).message));
  }
}

function render(document: Part): HTMLElement[] {
  const info = part(document["info"]);
  const groups = new Map<string, HTMLElement[]>();
  for (const [path, item] of Object.entries(part(document["paths"]))) {
    for (const method of METHODS) {
      const operation = part(item)[method];
      if (!isObject(operation)) continue;
      const tag = String((operation["tags"] as readonly unknown[] | undefined)?.[0] ?? "");
      groups.set(tag, [...(groups.get(tag) ?? []), route(method, path, operation)]);
    }
  }
  // What a visitor most likely looks for are the models.
  const own = ["server", "repository"];
  const tags = [...groups.keys()].toSorted((one, other) => own.indexOf(one) - own.indexOf(other));
  const sections = tags.map((tag) =>
    el(
      "section",
      {},
      el("h2", {}, own.includes(tag) ? `The ${tag}` : `Model ${tag}`),
      ...(groups.get(tag) ?? []),
    ),
  );
  const schemas = Object.entries(part(part(document["components"])["schemas"])).map(([name, schema]) =>
    el("details", { id: anchor(name) }, el("summary", {}, el("code", {}, name)), code(schema)),
  );
  return [
    el("p", { id: "routes" }, `${String(info["description"])} Version ${String(info["version"])}.`),
    ...sections,
    el("section", {}, el("h2", {}, "Schemas"), ...schemas),
  ];
}

function route(method: string, path: string, operation: Part): HTMLElement {
  const request = media(operation["requestBody"]);
  const responses = Object.entries(part(operation["responses"]));
  return el(
    "details",
    { class: "route" },
    el(
      "summary",
      {},
      el("b", { class: `method ${method}` }, method.toUpperCase()),
      el("code", {}, path),
      el("span", {}, String(operation["summary"])),
    ),
    ...request.flatMap(({ type, schema, example }) => [
      el("h3", {}, `Request: ${type}`),
      schemaView(schema),
      ...(example === undefined ? [] : [el("h4", {}, "Example"), code(example)]),
    ]),
    ...responses.flatMap(([status, response]) => [
      el("h3", {}, `${status}: ${String(part(response)["description"])}`),
      ...media(response).map(({ type, schema }) =>
        el("div", {}, el("p", { class: "hint" }, type), schemaView(schema)),
      ),
    ]),
  );
}

function media(holder: unknown): { type: string; schema: unknown; example: unknown }[] {
  return Object.entries(part(part(holder)["content"])).map(([type, content]) => ({
    type,
    schema: part(content)["schema"],
    example: part(content)["example"],
  }));
}

function schemaView(schema: unknown): HTMLElement {
  const ref = part(schema)["$ref"];
  if (typeof ref !== "string") return code(schema);
  const name = ref.slice(ref.lastIndexOf("/") + 1);
  const open = () => {
    const target = document.getElementById(anchor(name));
    if (target instanceof HTMLDetailsElement) target.open = true;
  };
  return el("p", {}, el("a", { href: `#${anchor(name)}`, onclick: open }, name));
}

function code(value: unknown): HTMLElement {
  return el("pre", { class: "code", tabindex: 0 }, printJson(value));
}

function anchor(name: string): string {
  return `schema-${name.replaceAll(/[^\w.-]/g, "_")}`;
}

function part(value: unknown): Part {
  return isObject(value) ? value : {};
}

void start();
