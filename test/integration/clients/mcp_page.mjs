// The script of a page that is an MCP client: everything it keeps is in the page's own storage. Bundled for the browser.
import * as second from "@modelcontextprotocol/client";
import { Client as FirstClient } from "@modelcontextprotocol/sdk/client/index.js";
import { StreamableHTTPClientTransport as FirstTransport } from "@modelcontextprotocol/sdk/client/streamableHttp.js";

const kinds = {
  first: { Client: FirstClient, Transport: FirstTransport, answer: (query) => query.get("code") },
  second: { Client: second.Client, Transport: second.StreamableHTTPClientTransport, answer: (query) => query },
};
const keep = (name, value) => (value === undefined ? localStorage.removeItem(name) : localStorage.setItem(name, JSON.stringify(value)));
const kept = (name) => JSON.parse(localStorage.getItem(name) ?? "null") ?? undefined;
const provider = {
  redirectUrl: `${location.origin}/callback`,
  get clientMetadata() {
    return { client_name: "Page", redirect_uris: [this.redirectUrl], token_endpoint_auth_method: "none", grant_types: ["authorization_code", "refresh_token"], response_types: ["code"], scope: "read:tools execute:tools offline_access" };
  },
  clientInformation: () => kept("client"),
  saveClientInformation: (information) => keep("client", information),
  tokens: () => kept("tokens"),
  saveTokens: (tokens) => keep("tokens", tokens),
  codeVerifier: () => kept("verifier"),
  saveCodeVerifier: (verifier) => keep("verifier", verifier),
  discoveryState: () => kept("discovery"),
  saveDiscoveryState: (state) => keep("discovery", state),
  redirectToAuthorization: (url) => location.assign(url),
  invalidateCredentials(which) {
    for (const name of { all: ["client", "tokens", "verifier", "discovery"], client: ["client"], tokens: ["tokens"], verifier: ["verifier"], discovery: ["discovery"] }[which]) keep(name, undefined);
  },
};

const open = (kind, url) => {
  const { Client, Transport } = kinds[kind];
  return { client: new Client({ name: "page", version: "1.0.0" }), transport: new Transport(new URL(url), { authProvider: provider }) };
};
// Leaves for the login, or connects.
window.connect = async (kind, url) => {
  const { client, transport } = open(kind, url);
  window.client = client;
  await client.connect(transport);
};
window.finish = async (kind, url) => {
  await open(kind, url).transport.finishAuth(kinds[kind].answer(new URLSearchParams(location.search)));
  await window.connect(kind, url);
};
window.stored = kept;
window.store = keep;
