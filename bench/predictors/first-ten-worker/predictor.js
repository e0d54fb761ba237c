export const execution = "worker";

/** Answers an image with its first ten numbers: as good as no model, so what is measured is the server. */
export function predict(_model, tensors) {
  return Object.values(tensors)[0].data.slice(0, 10);
}
