import ts from "typescript";
import { type Sources, docOf } from "./program.ts";

/**
 * What the type of the config file says of a setting, by its path: `deploy.env.NAME.secret`, `deploy.tolerations[].key`.
 * Empty where it says nothing.
 */
export function settingDocs({ checker, exportsOf }: Sources): (path: string) => string {
  const config = exportsOf("contract/index.ts").find(({ name }) => name === "KserveConfig");
  if (config === undefined) throw new Error("there is no type KserveConfig");
  const root = checker.getDeclaredTypeOfSymbol(config);

  return (path) => {
    let types: readonly ts.Type[] = [root];
    let doc = "";
    for (const step of path.replaceAll("[]", ".[]").split(".")) {
      const members = types.flatMap((type) => unionOf(type)).map((type) => memberOf(type, step));
      const found = members.filter((member) => member !== undefined);
      doc =
        found
          .map(({ symbol }) => (symbol === undefined ? "" : docOf(symbol, checker)))
          .find((text) => text !== "") ?? "";
      types = found.map(({ type }) => type);
    }
    return doc;
  };

  function memberOf(type: ts.Type, step: string): { symbol?: ts.Symbol; type: ts.Type } | undefined {
    if (step === "[]" || step === "NAME") {
      const kind = step === "[]" ? ts.IndexKind.Number : ts.IndexKind.String;
      const element = checker.getIndexTypeOfType(type, kind);
      return element === undefined ? undefined : { type: element };
    }
    const symbol = checker.getPropertyOfType(type, step);
    return symbol === undefined ? undefined : { symbol, type: checker.getTypeOfSymbol(symbol) };
  }
}

function unionOf(type: ts.Type): readonly ts.Type[] {
  return type.isUnion() ? type.types.filter(({ flags }) => !(flags & ts.TypeFlags.Undefined)) : [type];
}
