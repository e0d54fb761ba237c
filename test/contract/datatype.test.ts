import { describe, expect, it } from "vitest";
import { DATATYPES, DATATYPE_ARRAY, DATATYPE_SIZE, isDatatype } from "../../contract/datatype.ts";

describe("the datatypes", () => {
  it("are the protocol's thirteen, in its order, and BF16", () => {
    expect(DATATYPES.join(" ")).toBe(
      "BOOL UINT8 UINT16 UINT32 UINT64 INT8 INT16 INT32 INT64 FP16 BF16 FP32 FP64 BYTES",
    );
  });

  it("are held in arrays of just their size", () => {
    for (const [datatype, array] of Object.entries(DATATYPE_ARRAY)) {
      expect(array.BYTES_PER_ELEMENT, datatype).toBe(DATATYPE_SIZE[datatype as keyof typeof DATATYPE_ARRAY]);
    }
    expect(Object.keys(DATATYPE_ARRAY)).toEqual(DATATYPES.filter((datatype) => datatype !== "BYTES"));
  });

  it("are known by their exact names only", () => {
    for (const datatype of DATATYPES) expect(isDatatype(datatype)).toBe(true);
    for (const other of ["fp32", "FLOAT", "", "toString", "__proto__", 32, null, undefined, ["FP32"]]) {
      expect(isDatatype(other), String(other)).toBe(false);
    }
  });
});
