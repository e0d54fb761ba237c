import type { MessageOf } from "../../protocol/grpc.ts";
import type { ModelStatisticsResponse } from "../../protocol/grpc/messages/inference.ts";
import type { ServedModel } from "../served-model.ts";
import type { Histogram } from "../telemetry/histogram.ts";

type ModelStatistics = MessageOf<typeof ModelStatisticsResponse>["model_stats"][number];

const NANOSECONDS = 1e9;

/** What Triton's statistics say of a model, from what is counted for `/metrics`. */
export function modelStatistics({ name, version, metrics }: ServedModel): ModelStatistics {
  const { queueSeconds, preProcessSeconds, predictSeconds, explainSeconds, postProcessSeconds } = metrics;
  const routes = Object.values(metrics.routes).flatMap((verbs) => Object.values(verbs));
  let failed = 0;
  let failedSeconds = 0;
  let seconds = 0;
  for (const route of routes) {
    for (const [status, count] of route.answers) if (status >= 400) failed += count;
    failedSeconds += route.failedSeconds;
    seconds += route.durationSeconds.sum;
  }
  const succeeded = queueSeconds.count;
  return {
    name,
    version: version ?? "",
    last_inference: metrics.lastAnswerAt,
    inference_count: metrics.instances.sum,
    execution_count: succeeded,
    inference_stats: {
      success: duration(succeeded, seconds - failedSeconds),
      fail: duration(failed, failedSeconds),
      queue: sumOf(queueSeconds),
      compute_input: sumOf(preProcessSeconds),
      compute_infer: duration(
        predictSeconds.count + explainSeconds.count,
        predictSeconds.sum + explainSeconds.sum,
      ),
      compute_output: sumOf(postProcessSeconds),
    },
  };
}

function sumOf({ count, sum }: Histogram) {
  return duration(count, sum);
}

function duration(count: number, seconds: number) {
  return { count, ns: Math.max(0, Math.round(seconds * NANOSECONDS)) };
}
