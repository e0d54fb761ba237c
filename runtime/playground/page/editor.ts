import type { TensorSpec } from "../../../contract/signature.ts";
import { gridEditor } from "./grid-editor.ts";
import { imageEditor } from "./image-editor.ts";
import { jsonEditor } from "./json-editor.ts";
import type { EditorKind } from "./signature.ts";
import { textEditor } from "./text-editor.ts";
import type { Tensor } from "./values.ts";

/** A way to give one input. */
export interface Editor {
  readonly element: HTMLElement;
  /** @throws FieldError for what is no element of the tensor */
  read(): Tensor;
  /** Shows a tensor. @returns false where it cannot */
  write(tensor: Tensor): boolean;
}

/** Makes editors; each tells of a change. */
export type EditorMaker = (spec: TensorSpec, changed: () => void) => Editor;

/** How each kind is made. */
export const EDITORS: Readonly<Record<EditorKind, EditorMaker>> = {
  image: imageEditor,
  grid: gridEditor,
  text: textEditor,
  json: jsonEditor,
};

/** What each kind is called. */
export const EDITOR_NAMES: Readonly<Record<EditorKind, string>> = {
  image: "Drawing or image",
  grid: "Table",
  text: "Text",
  json: "JSON",
};
