export const execution = "inline";
export const predict = (_model, input) => input;
