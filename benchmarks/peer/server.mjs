// app-sdk's own webhook handler on plain Node, nothing behind it: verify, then 200.
import { createServer } from "node:http";
import { readFileSync } from "node:fs";
import { SaleorAsyncWebhook } from "@saleor/app-sdk/handlers/next";

const [port, apiUrl, jwksFile] = process.argv.slice(2);
const auth = { token: "t", saleorApiUrl: apiUrl, appId: "a", jwks: readFileSync(jwksFile, "utf8") };
const apl = { get: async () => auth, set: async () => {}, delete: async () => {}, getAll: async () => [auth] };

const handlers = {};
for (const event of ["ORDER_UPDATED", "CHECKOUT_UPDATED"]) {
  const path = `/api/webhooks/${event.toLowerCase()}`;
  const webhook = new SaleorAsyncWebhook({
    name: event, webhookPath: path, event, apl, query: "subscription { event { __typename } }",
  });
  handlers[path] = webhook.createHandler((_request, response) => response.status(200).end());
}

createServer((request, response) => {
  response.status = (code) => { response.statusCode = code; return response; };
  response.json = (body) => response.setHeader("content-type", "application/json") && response.end(JSON.stringify(body));
  response.send = (body) => response.end(body);
  const handler = handlers[request.url];
  return handler ? handler(request, response) : response.status(404).end();
}).listen(Number(port), "127.0.0.1", () => console.log("ready"));
