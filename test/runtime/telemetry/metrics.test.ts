import { describe, expect, it } from "vitest";
import { postJson, servePredictor } from "../serving.ts";

const PROM_CLIENT = import.meta.resolve("prom-client");
const V1 = "/v1/models/m:predict";

async function metricsOf(url: string): Promise<string> {
  const response = await fetch(`${url}/metrics`);
  expect(response.status).toBe(200);
  return response.text();
}

describe("/metrics", () => {
  it("adds up the predictors' own metrics over all workers", async () => {
    await using server = await servePredictor(
      `
      import prometheus from "${PROM_CLIENT}";
      export const load = ({ metrics }) => ({
        images: new prometheus.Counter({ name: "images_total", help: "Images seen", registers: [metrics] }),
      });
      export const predict = ({ images }, instances) => {
        images.inc(instances.length);
        Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 50);
        return instances;
      };
      `,
      { options: { workers: 2 } },
    );
    await Promise.all(Array.from({ length: 6 }, () => postJson(server, V1, { instances: [1, 2] })));
    const text = await metricsOf(server.url);
    expect(text).toContain("# HELP images_total Images seen\n# TYPE images_total counter\nimages_total 12");
    expect(text).toContain('kserve_ts_workers{model_name="m"} 2');
    expect(text).toContain('kserve_ts_request_instances_sum{model_name="m"} 12');
    expect(text).toContain('kserve_ts_batch_size_sum{model_name="m"} 12');
    expect(text).toContain('kserve_ts_batch_size_count{model_name="m"} 6');
    expect(text).toContain('kserve_ts_queue_seconds_count{model_name="m"} 6');
    expect(text).toContain('request_predict_seconds_bucket{model_name="m",le="0.025"} 0');
    expect(text).toMatch(/^kserve_ts_model_load_seconds\{model_name="m"\} [\d.e-]+$/m);
  });

  it("leaves out a metric of the predictor that has the name of one of ours, and says so once", async () => {
    await using server = await servePredictor(`
      import prometheus from "${PROM_CLIENT}";
      export const execution = "inline";
      export const load = ({ metrics }) => {
        new prometheus.Gauge({ name: "kserve_ts_queue_size", help: "mine", registers: [metrics] }).set(98765);
      };
      export const predict = (_model, input) => input;
    `);
    await metricsOf(server.url);
    const text = await metricsOf(server.url);
    expect(text).not.toContain("98765");
    expect(text.match(/# TYPE kserve_ts_queue_size /g)).toHaveLength(1);
    expect(server.log.filter((line) => line.includes("kserve_ts_queue_size is left out"))).toHaveLength(1);
  });

  it("counts explain apart from predict", async () => {
    await using server = await servePredictor(`
      export const execution = "inline";
      export const predict = (_model, input) => input;
      export const explain = (_model, input) => input;
    `);
    await postJson(server, "/v1/models/m:explain", { instances: [1] });
    const text = await metricsOf(server.url);
    expect(text).toContain('request_explain_seconds_count{model_name="m"} 1');
    expect(text).toContain('request_predict_seconds_count{model_name="m"} 0');
    expect(text).toContain(
      'kserve_ts_requests_total{model_name="m",protocol="v1",verb="explain",status="200"} 1',
    );
  });
});
