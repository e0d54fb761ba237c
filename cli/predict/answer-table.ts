import { layOut } from "../terminal/columns.ts";
import type { Terminal } from "../terminal/terminal.ts";

/** A longer cell is cut. */
const MOST_CELL = 60;

/** An answer as rows of text: V2's outputs, V1's predictions or explanations, or the members of another object. */
export function answerTable(answer: unknown, { style }: Pick<Terminal, "style">): readonly string[] {
  const [header, ...rows] = tableRows(answer);
  const [title = "", ...lines] = layOut([header ?? [], ...rows]);
  return [style("bold", title), ...lines];
}

function tableRows(answer: unknown): readonly (readonly string[])[] {
  const members = isObject(answer) ? answer : { answer };
  const { outputs, predictions, explanations } = members;
  if (Array.isArray(outputs)) return outputRows(outputs);
  for (const [name, values] of Object.entries({ prediction: predictions, explanation: explanations })) {
    if (Array.isArray(values)) return instanceRows(name, values);
  }
  return [["member", "value"], ...Object.entries(members).map(([name, value]) => [name, cell(value)])];
}

function outputRows(outputs: readonly unknown[]): string[][] {
  const rows = outputs.filter(isObject).map(({ name, datatype, shape, data }) => {
    return [cell(name), cell(datatype), cell(shape), cell(data)];
  });
  return [["output", "datatype", "shape", "data"], ...rows];
}

/** One row an instance, with a column for each key where the instances' values are objects. */
function instanceRows(name: string, values: readonly unknown[]): string[][] {
  if (values.length > 0 && values.every(isObject)) {
    const keys = [...new Set(values.flatMap((value) => Object.keys(value)))];
    const rows = values.map((value, at) => [String(at), ...keys.map((key) => cell(value[key]))]);
    return [["instance", ...keys], ...rows];
  }
  return [["instance", name], ...values.map((value, at) => [String(at), cell(value)])];
}

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function cell(value: unknown): string {
  if (value === undefined) return "";
  const text = typeof value === "string" ? oneLine(value) : toText(value);
  return text.length <= MOST_CELL ? text : `${text.slice(0, MOST_CELL - 3)}...`;
}

function toText(value: unknown): string {
  if (typeof value === "bigint") return String(value);
  if (Array.isArray(value)) return `[${value.map(toText).join(", ")}]`;
  if (isObject(value)) {
    const members = Object.entries(value).map(([key, member]) => `${JSON.stringify(key)}: ${toText(member)}`);
    return `{${members.join(", ")}}`;
  }
  return JSON.stringify(value);
}

/** A line break or a terminal's control sequence within a value would spoil the table. */
function oneLine(text: string): string {
  // eslint-disable-next-line no-control-regex -- those are what must not reach the terminal
  return text.replace(/[\u0000-\u001f\u007f-\u009f]/g, (character) => {
    return `\\u${character.charCodeAt(0).toString(16).padStart(4, "0")}`;
  });
}
