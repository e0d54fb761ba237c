import type { Prepared } from "./request.ts";
import { type Leaf, type Tensor, compactJson, isObject, printJson } from "./values.ts";

/** A request as one would write it. */
export interface Snippet {
  readonly text: string;
  /** The file that it reads the body from; undefined where the body stands in it. */
  readonly file: string | undefined;
}

/** Longer bodies go into a file. */
const LONGEST = 1_500;

/** The request as a `curl` line. */
export function curlSnippet({ path, headers, body }: Prepared, origin: string): Snippet {
  const isText = typeof body === "string";
  const file = isText && body.length <= LONGEST ? undefined : isText ? "request.json" : "request.bin";
  const lines = [
    `curl -s${headers["Accept"] === undefined ? "" : "N"} ${quote(origin + path)}`,
    ...Object.entries(headers).map(([name, value]) => `-H ${quote(`${name}: ${value}`)}`),
    file === undefined ? `-d ${quote(String(body))}` : `--data-binary @${file}`,
  ];
  return { text: lines.join(" \\\n  "), file };
}

function quote(text: string): string {
  return `'${text.replaceAll("'", `'\\''`)}'`;
}

/** The request by `kserve-ts/client`. */
export function typescriptSnippet({ target, path, value, tensors }: Prepared, origin: string): Snippet {
  const { model, version, protocol, verb, isStream } = target;
  const name = JSON.stringify(model);
  const file = compactJson(value).length > LONGEST ? "request.json" : undefined;
  const read = `const body = JSON.parse(readFileSync("${file}", "utf8"));`;
  const imports = [
    ...(file === undefined ? [] : [`import { readFileSync } from "node:fs";`]),
    ...(file === undefined && tensors !== undefined && isCommon(tensors)
      ? [`import { tensor } from "kserve-ts";`]
      : []),
    `import { InferenceClient } from "kserve-ts/client";`,
  ];
  const open = ["", `using client = new InferenceClient(${JSON.stringify(origin)});`];
  const lines = (call: string, result: string, before: readonly string[] = []) => {
    const asked = isStream
      ? [`for await (const answer of client.${call}) {`, "  console.log(answer);", "}"]
      : [`const ${result} = await client.${call};`, `console.log(${result.replace(/[{}]/g, "").trim()});`];
    return { text: [...imports, ...open, ...before, ...asked].join("\n"), file };
  };
  const instances = isObject(value) ? value["instances"] : undefined;
  if (protocol === "v1" && isObject(value) && Array.isArray(instances) && Object.keys(value).length === 1) {
    const call = isStream ? "predictStream" : verb;
    if (file !== undefined) return lines(`${call}(${name}, body.instances)`, "answer", [read]);
    return lines(`${call}(${name}, ${printJson(instances)})`, "answer");
  }
  if (protocol !== "v1" && file === undefined && tensors !== undefined && isCommon(tensors)) {
    const inputs = tensors
      .map((tensor) => `  ${JSON.stringify(tensor.name)}: ${tensorText(tensor)},`)
      .join("\n");
    const options = [
      ...(version === undefined ? [] : [`version: ${JSON.stringify(version)}`]),
      ...(protocol === "binary" || isStream ? [] : ["binary: false"]),
    ];
    const given = options.length === 0 ? "" : `, { ${options.join(", ")} }`;
    const call = isStream ? "inferStream" : "infer";
    return lines(`${call}(${name}, {\n${inputs}\n}${given})`, "{ outputs }");
  }
  const body = file === undefined ? `JSON.stringify(${printJson(value)})` : `readFileSync("${file}", "utf8")`;
  if (isStream) return lines(`sendStream(${JSON.stringify(path)}, ${body})`, "answer");
  const sent = lines(`send(${JSON.stringify(path)}, ${body})`, "{ bytes }");
  return {
    ...sent,
    text: sent.text.replace("console.log(bytes)", "console.log(new TextDecoder().decode(bytes))"),
  };
}

/** Whether `tensor()` takes the elements as they are: 16 bit floats it takes as bits. */
function isCommon(tensors: readonly Tensor[]): boolean {
  return tensors.every(({ datatype }) => datatype !== "FP16" && datatype !== "BF16");
}

function tensorText({ datatype, shape, data }: Tensor): string {
  const isBig = datatype === "INT64" || datatype === "UINT64";
  const element = (leaf: Leaf) => {
    if (isBig) return `${leaf}n`;
    return datatype === "BOOL" ? String(Number(leaf)) : compactJson(leaf);
  };
  return `tensor("${datatype}", [${shape.join(", ")}], [${data.map(element).join(", ")}])`;
}

/** The request with nothing but Python's own library. */
export function pythonSnippet({ path, headers, body, value, target }: Prepared, origin: string): Snippet {
  const isText = typeof body === "string";
  const file = isText && body.length <= LONGEST ? undefined : isText ? "request.json" : "request.bin";
  const given = [
    ...(file === undefined
      ? [`body = json.dumps(${pythonText(value)}).encode()`]
      : [`body = open("${file}", "rb").read()`]),
    `request = urllib.request.Request(`,
    `    ${JSON.stringify(origin + path)},`,
    `    data=body,`,
    `    headers=${pythonText(headers)},`,
    `)`,
    `with urllib.request.urlopen(request) as response:`,
  ];
  const read = target.isStream
    ? [`    for line in response:`, `        print(line.decode(), end="")`]
    : isText
      ? [`    print(json.load(response))`]
      : [
          `    answer = response.read()`,
          `    length = int(response.headers.get("Inference-Header-Content-Length", len(answer)))`,
          `    print(json.loads(answer[:length]), answer[length:].hex())`,
        ];
  const imports =
    file === undefined || !target.isStream
      ? ["import json", "import urllib.request"]
      : ["import urllib.request"];
  return { text: [...imports, "", ...given, ...read].join("\n"), file };
}

/** A value as Python writes it: JSON, but for three words. */
function pythonText(value: unknown): string {
  if (value === null || value === undefined) return "None";
  if (typeof value === "boolean") return value ? "True" : "False";
  if (Array.isArray(value)) return `[${value.map(pythonText).join(", ")}]`;
  if (!isObject(value)) return compactJson(value);
  const members = Object.entries(value).map(
    ([key, member]) => `${JSON.stringify(key)}: ${pythonText(member)}`,
  );
  return `{${members.join(", ")}}`;
}
