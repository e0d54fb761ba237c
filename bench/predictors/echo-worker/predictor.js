export const execution = "worker";
export const predict = (_model, input) => input;
