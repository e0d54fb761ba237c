/** Baseline: `node:http`, JSON, and nothing else. Usage: `node bare.ts PORT` */
import { createServer } from "node:http";
import { answerBinary, answerJson, type PlainBody } from "./answer.ts";

const server = createServer((req, res) => {
  if (req.method === "GET") return end('{"ready":true}');
  const parts: Buffer[] = [];
  req.on("data", (chunk: Buffer) => parts.push(chunk));
  req.on("end", () => {
    const body = Buffer.concat(parts);
    const jsonBytes = req.headers["inference-header-content-length"];
    const answer =
      jsonBytes === undefined
        ? answerJson(JSON.parse(body.toString()) as PlainBody)
        : answerBinary(body, Number(jsonBytes));
    end(JSON.stringify(answer));
  });

  function end(text: string): void {
    res.writeHead(200, { "Content-Type": "application/json", "Content-Length": Buffer.byteLength(text) });
    res.end(text);
  }
});

server.listen(Number(process.argv[2]), "127.0.0.1");
