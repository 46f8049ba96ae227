// The TypeScript SDK's client: handshake, list, calls, a resource and a prompt. Prints what it saw as JSON.
// Arguments: the folder with node_modules, the URL of /mcp, an API key.
import { createRequire } from "node:module";

const [folder, url, key] = process.argv.slice(2);
const require = createRequire(`${folder}/`);
const { Client } = require("@modelcontextprotocol/sdk/client/index.js");
const { StreamableHTTPClientTransport } = require("@modelcontextprotocol/sdk/client/streamableHttp.js");

const client = new Client({ name: "typescript-test", version: "1.0.0" });
const headers = { Authorization: `Bearer ${key}` };
await client.connect(new StreamableHTTPClientTransport(new URL(url), { requestInit: { headers } }));
const { tools } = await client.listTools();
const made = await client.callTool({ name: "create_note", arguments: { title: "By TypeScript", content: "Hello" } });
const missing = await client.callTool({ name: "get_note", arguments: { note_id: 999999999 } });
const uri = `notechondria://notes/${made.structuredContent.uuid}`;
const resource = await client.readResource({ uri });
const prompt = await client.getPrompt({ name: "capture", arguments: { thought: "a thought" } });
console.log(
  JSON.stringify({
    server: client.getServerVersion(),
    instructions: client.getInstructions(),
    tools: tools.map((tool) => tool.name),
    made: made.structuredContent,
    text: JSON.parse(made.content[0].text),
    missing,
    resource: resource.contents[0],
    prompt: prompt.messages[0].content.text,
  }),
);
await client.close();
