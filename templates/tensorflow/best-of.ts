/** The largest value of each row, and where in the row it is. */
export function bestOf(values: Float32Array, rowLength: number): readonly { at: number; value: number }[] {
  return Array.from({ length: values.length / rowLength }, (_, row) => {
    const all = values.subarray(row * rowLength, (row + 1) * rowLength);
    const value = Math.max(...all);
    return { at: all.indexOf(value), value };
  });
}
