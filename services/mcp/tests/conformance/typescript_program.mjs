// The TypeScript SDK's client with its OAuth provider: asks, calls, renews, steps up, gives its token back.
// Arguments: the folder with node_modules, the URL of /mcp.
// Prints `ASK <url>` when a person is to be asked; at the end what it saw as JSON.
import { createRequire } from "node:module";
import { createServer } from "node:http";

const [folder, url] = process.argv.slice(2);
const require = createRequire(`${folder}/`);
const { Client } = require("@modelcontextprotocol/sdk/client/index.js");
const { StreamableHTTPClientTransport } = require("@modelcontextprotocol/sdk/client/streamableHttp.js");
const { UnauthorizedError } = require("@modelcontextprotocol/sdk/client/auth.js");

const waiting = [];
const answers = [];
const server = createServer((request, response) => {
  const found = new URL(request.url, "http://127.0.0.1");
  response.writeHead(200, { "Content-Type": "text/html" });
  response.end("<!doctype html><link rel=icon href=data:,><title>Back</title><main><h1>Back</h1></main>");
  if (found.pathname !== "/callback") return;
  const code = found.searchParams.get("code");
  (waiting.shift() ?? ((one) => answers.push(one)))(code);
});
await new Promise((done) => server.listen(0, "127.0.0.1", done));
const code = () => new Promise((done) => (answers.length ? done(answers.shift()) : waiting.push(done)));

const kept = { asked: 0 };
const provider = {
  redirectUrl: `http://127.0.0.1:${server.address().port}/callback`,
  get clientMetadata() {
    return { client_name: "TypeScript SDK", redirect_uris: [this.redirectUrl] };
  },
  clientInformation: () => kept.client,
  saveClientInformation: (client) => { kept.client = client; },
  tokens: () => kept.tokens,
  saveTokens: (tokens) => { kept.tokens = tokens; },
  redirectToAuthorization: (asked) => { kept.asked += 1; console.log(`ASK ${asked}`); },
  saveCodeVerifier: (verifier) => { kept.verifier = verifier; },
  codeVerifier: () => kept.verifier,
  invalidateCredentials: (what) => {
    if (what === "all" || what === "tokens") delete kept.tokens;
    if (what === "all" || what === "client") delete kept.client;
  },
};

// Connect and talk; as often as the person is to be asked, with a new connection.
async function run(talk) {
  for (let times = 0; times < 4; times += 1) {
    const transport = new StreamableHTTPClientTransport(new URL(url), { authProvider: provider });
    const client = new Client({ name: "typescript-program", version: "1.0.0" });
    try {
      await client.connect(transport);
      return await talk(client);
    } catch (error) {
      if (error instanceof UnauthorizedError) await transport.finishAuth(await code());
      // With a refresh token at hand this SDK renews it at a 403, which gives no more; without one it asks anew.
      else if (error.code === 403) delete kept.tokens;
      else throw error;
    } finally {
      await client.close();
    }
  }
  throw new Error("asked too often");
}

const names = (client) => client.listTools().then(({ tools }) => tools.map((tool) => tool.name));
const seen = { before: await run(names), first: kept.tokens.scope };
const make = (client) => client.callTool({ name: "create_note", arguments: { title: "By TypeScript" } });
seen.made = (await run(make)).structuredContent;
seen.after = kept.tokens.scope;
seen.asked = kept.asked;
const old = kept.tokens;
kept.tokens = { ...old, access_token: `${old.access_token.slice(0, -1)}!` };
seen.renewed = (await run(names)).length > 0 && kept.tokens.refresh_token !== old.refresh_token;
seen.askedForRenewal = kept.asked - seen.asked;
const metadata = await (await fetch(new URL("/.well-known/oauth-authorization-server", url))).json();
const body = new URLSearchParams({ client_id: kept.client.client_id, token: kept.tokens.refresh_token });
seen.revoked = (await fetch(metadata.revocation_endpoint, { method: "POST", body })).status;
seen.again = (await run(names)).length > 0;
seen.askedAgain = kept.asked - seen.asked - seen.askedForRenewal;
console.log(JSON.stringify(seen));
server.close();
