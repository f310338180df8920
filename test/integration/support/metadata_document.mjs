// An https server on loopback with one Client ID Metadata Document, and the certificate that its readers must trust.
import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { createServer } from "node:https";
import path from "node:path";
import { temporaryFolder } from "./process.mjs";

export async function startMetadataDocument(document) {
  const folder = temporaryFolder();
  const [key, certificate] = [path.join(folder, "key.pem"), path.join(folder, "cert.pem")];
  execFileSync("openssl", ["req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "1", "-keyout", key, "-out", certificate,
    "-subj", "/CN=localhost", "-addext", "subjectAltName=DNS:localhost,IP:127.0.0.1"], { stdio: "ignore" });
  const served = { requests: [], certificate };
  const server = createServer({ key: readFileSync(key), cert: readFileSync(certificate) }, (request, answer) => {
    served.requests.push(request.url);
    answer.writeHead(200, { "content-type": "application/json" }).end(JSON.stringify({ client_id: served.url, ...document }));
  });
  await new Promise((resolve) => server.listen(0, "127.0.0.1", resolve));
  server.unref();
  served.url = `https://127.0.0.1:${server.address().port}/client.json`;
  served.stop = () => new Promise((resolve) => { server.closeAllConnections(); server.close(resolve); });
  return served;
}
