/** Baseline: Express as its documentation shows it. Usage: `node express.ts PORT` */
import express from "express";
import { INFER_PATH, PREDICT_PATH } from "../load/http-post.ts";
import { answerBinary, answerJson, type PlainBody } from "./answer.ts";

const app = express();
app.use(express.json({ limit: "10mb" }));
app.use(express.raw({ limit: "10mb" }));

app.get("/v2/health/ready", (_req, res) => {
  res.json({ ready: true });
});

app.post([PREDICT_PATH, INFER_PATH], (req, res) => {
  const jsonBytes = req.headers["inference-header-content-length"];
  if (jsonBytes === undefined) res.json(answerJson(req.body as PlainBody));
  else res.json(answerBinary(req.body as Buffer, Number(jsonBytes)));
});

app.listen(Number(process.argv[2]), "127.0.0.1");
