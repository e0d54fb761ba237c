import type { PredictorLog } from "../../contract/predictor.ts";

/** Members of a log line beside its message. */
export type LogFields = Readonly<Record<string, unknown>>;

/** Where a predictor's log lines go. */
export type LogSink = (level: keyof PredictorLog, message: string, fields: LogFields) => void;

/** A log for a predictor whose lines all carry `base`. */
export function createPredictorLog(sink: LogSink, base: LogFields): PredictorLog {
  const at = (level: keyof PredictorLog) => (message: string, fields?: LogFields) => {
    sink(level, message, { ...base, ...fields });
  };
  return { debug: at("debug"), info: at("info"), warn: at("warn"), error: at("error") };
}
