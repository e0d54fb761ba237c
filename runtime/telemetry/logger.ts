import type { PredictorLog } from "../../contract/predictor.ts";
import type { ServerOptions } from "../options.ts";

/** How severe a line is. */
export type LogLevel = "debug" | "info" | "warn" | "error";

/** What a line carries beside its message. */
export type LogFields = Readonly<Record<string, unknown>>;

/** The server's log. One line an event, on stderr: the command line's own output keeps stdout. */
export interface ServerLog extends PredictorLog {
  /** Whether lines of a level are written; asks before work is done for one. */
  enables(level: LogLevel): boolean;
  /** Writes a line whose level is data, as one that a worker sent. */
  write(level: LogLevel, message: string, fields?: LogFields): void;
  /** Lets pino write JSON lines from now on. Until then they are made here, in the same form, so none is lost. */
  loadPino(): Promise<void>;
}

/** Where lines go, each with its line end. */
export type LogSink = (line: string) => void;

const SEVERITY: Record<LogLevel | "silent", number> = {
  debug: 20,
  info: 30,
  warn: 40,
  error: 50,
  silent: 60,
};

/**
 * Creates the server's log.
 * @param options `logFormat` auto: text on a terminal, JSON lines otherwise
 * @param sink default: stderr
 */
export function createLog(
  options: Pick<ServerOptions, "logLevel" | "logFormat">,
  sink: LogSink = (line) => process.stderr.write(line),
): ServerLog {
  const { logFormat } = options;
  const text = logFormat === "text" || (logFormat === "auto" && process.stderr.isTTY === true);
  let writeLine = text ? textWriter(sink) : jsonWriter(sink);
  const least = SEVERITY[options.logLevel];
  const write = (level: LogLevel, message: string, fields: LogFields = {}) => {
    if (SEVERITY[level] >= least) writeLine(level, message, fields);
  };
  return {
    enables: (level) => SEVERITY[level] >= least,
    write,
    debug: (message, fields) => write("debug", message, fields),
    info: (message, fields) => write("info", message, fields),
    warn: (message, fields) => write("warn", message, fields),
    error: (message, fields) => write("error", message, fields),
    async loadPino() {
      if (!text) writeLine = await pinoWriter(options.logLevel, sink);
    },
  };
}

type LineWriter = (level: LogLevel, message: string, fields: LogFields) => void;

function jsonWriter(sink: LogSink): LineWriter {
  return (level, message, fields) =>
    sink(`${toJson({ ...fields, level, time: new Date().toISOString(), msg: message })}\n`);
}

function textWriter(sink: LogSink): LineWriter {
  return (level, message, { stack, ...fields }) => {
    const rest = Object.entries(fields)
      .filter(([, value]) => value !== undefined)
      .map(([name, value]) => ` ${name}=${typeof value === "string" ? value : toJson(value)}`);
    const trace = typeof stack === "string" ? `\n${stack}` : "";
    sink(`${new Date().toISOString()} ${level.toUpperCase().padEnd(5)} ${message}${rest.join("")}${trace}\n`);
  };
}

async function pinoWriter(level: ServerOptions["logLevel"], sink: LogSink): Promise<LineWriter> {
  const { default: pino } = await import("pino");
  const logger = pino(
    {
      level,
      base: null,
      timestamp: pino.stdTimeFunctions.isoTime,
      formatters: { level: (label) => ({ level: label }) },
    },
    { write: sink },
  );
  return (lineLevel, message, fields) => logger[lineLevel](fields, message);
}

/** A predictor may log anything; what JSON cannot say becomes text rather than an exception. */
function toJson(value: unknown): string {
  try {
    return JSON.stringify(value, (_key, part: unknown) => (typeof part === "bigint" ? String(part) : part));
  } catch {
    return JSON.stringify(String(value));
  }
}
