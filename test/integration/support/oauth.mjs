// The parts of an MCP client's OAuth that the SDK leaves to the application: where things are kept, and the browser.
import { Browser } from "./browser.mjs";

export class HeadlessProvider {
  redirectUrl = "http://127.0.0.1:39999/callback";
  seen = {}; // what went by: authorization URLs, the answer's parameters

  constructor({ email, password, scope, clientMetadataUrl, name = "Claude test" }) {
    Object.assign(this, { user: { email, password }, scope, name });
    if (clientMetadataUrl) this.clientMetadataUrl = clientMetadataUrl;
    this.browser = new Browser();
  }

  get clientMetadata() {
    return {
      client_name: this.name, redirect_uris: [this.redirectUrl], token_endpoint_auth_method: "none", application_type: "native",
      grant_types: ["authorization_code", "refresh_token"], response_types: ["code"], ...(this.scope && { scope: this.scope }),
    };
  }
  state() { return (this.expectedState = crypto.randomUUID()); }
  clientInformation() { return this.registered; }
  saveClientInformation(information) { this.registered = information; }
  tokens() { return this.kept; }
  saveTokens(tokens) { this.kept = tokens; }
  saveCodeVerifier(verifier) { this.verifier = verifier; }
  codeVerifier() { return this.verifier; }
  saveDiscoveryState(state) { this.discovery = state; }
  discoveryState() { return this.discovery; }
  invalidateCredentials(which) {
    if (which === "all" || which === "client") this.registered = undefined;
    if (which === "all" || which === "tokens") this.kept = undefined;
  }
  async redirectToAuthorization(url) {
    this.seen.authorizationUrl = url;
    this.answer = await this.browser.authorize(url, this.redirectUrl, this.user);
    if (this.answer.searchParams.get("error")) throw new Error(`refused: ${this.answer.search}`);
    if (this.answer.searchParams.get("state") !== this.expectedState) throw new Error("state came back changed");
  }
}

// Connects a Client of either SDK generation: the first attempt is refused and sends the user to log in; then the code is
// redeemed and the second attempt must work. makeTransport and makeClient are called afresh for each attempt.
export async function connectLoggingIn(makeTransport, makeClient, provider) {
  const first = makeTransport();
  try {
    await makeClient().connect(first);
    throw new Error("the gateway let a client in without a token");
  } catch (error) {
    if (!provider.answer) throw error;
  }
  // The v2 SDK wants the whole answer (RFC 9207 iss is checked); v1 takes the code.
  await first.finishAuth(first.finishAuth.length > 1 || provider.isSecondGeneration ? provider.answer.searchParams : provider.answer.searchParams.get("code"));
  const client = makeClient();
  await client.connect(makeTransport());
  return client;
}
