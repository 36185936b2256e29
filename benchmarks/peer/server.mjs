// app-sdk's own webhook handlers on plain Node, nothing behind them: verify, then 200.
//   node server.mjs PORT API_URL JWKS_FILE web|next
// "web" is its handler for the Fetch API, which Node speaks itself; "next" the one for Next.js,
// given the three methods of Next's response that it calls and nothing else of Next.
import { createServer } from "node:http";
import { readFileSync } from "node:fs";
import { SaleorAsyncWebhook as WebWebhook } from "@saleor/app-sdk/handlers/fetch-api";
import { SaleorAsyncWebhook as NextWebhook } from "@saleor/app-sdk/handlers/next";

const [port, apiUrl, jwksFile, kind] = process.argv.slice(2);
const auth = { token: "t", saleorApiUrl: apiUrl, appId: "a", jwks: readFileSync(jwksFile, "utf8") };
const apl = { get: async () => auth, set: async () => {}, delete: async () => {}, getAll: async () => [auth] };
const Webhook = kind === "web" ? WebWebhook : NextWebhook;
const done = kind === "web" ? () => new Response(null) : (_request, response) => response.status(200).end();

const handlers = {};
for (const event of ["ORDER_UPDATED", "CHECKOUT_UPDATED"]) {
  const path = `/api/webhooks/${event.toLowerCase()}`;
  const query = "subscription { event { __typename } }";
  handlers[path] = new Webhook({ name: event, webhookPath: path, event, apl, query }).createHandler(done);
}

async function web(incoming, outgoing) {
  const chunks = [];
  for await (const chunk of incoming) chunks.push(chunk);
  const { url, method, headers } = incoming;
  const request = new Request(`http://127.0.0.1${url}`, { method, headers, body: Buffer.concat(chunks) });
  const answer = await handlers[url](request);
  outgoing.statusCode = answer.status;
  outgoing.end(await answer.text());
}

function next(incoming, outgoing) {
  outgoing.status = (code) => { outgoing.statusCode = code; return outgoing; };
  outgoing.json = (body) => outgoing.end(JSON.stringify(body));
  outgoing.send = (body) => outgoing.end(body);
  return handlers[incoming.url](incoming, outgoing);
}

const serve = kind === "web" ? web : next;
createServer((incoming, outgoing) =>
  handlers[incoming.url] ? serve(incoming, outgoing) : outgoing.writeHead(404).end(),
).listen(Number(port), "127.0.0.1");
