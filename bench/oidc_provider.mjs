// npm's oidc-provider as a peer of the tenant: the same clients, APIs and tokens, its in-memory adapter, its own example pages.
//   node oidc_provider.mjs PORT JSON    { issuer, web, redirectUri, apis: { "https://...": "RS256" }, user }
import { createRequire } from "node:module";
import path from "node:path";
import { generateKeyPairSync } from "node:crypto";

const require = createRequire(path.join(import.meta.dirname, "../test/integration/package.json"));
const { default: Provider } = await import(require.resolve("oidc-provider"));
const [port, facts] = [Number(process.argv[2]), JSON.parse(process.argv[3])];
const jwk = (pair, alg) => ({ ...pair.privateKey.export({ format: "jwk" }), alg, use: "sig", kid: alg });
const scopes = "openid profile email offline_access execute:tools";

const provider = new Provider(facts.issuer, {
  clients: [{
    ...facts.web, redirect_uris: [facts.redirectUri], grant_types: ["authorization_code", "refresh_token", "client_credentials"],
    response_types: ["code"], token_endpoint_auth_method: "client_secret_post", scope: scopes,
  }],
  jwks: { keys: [jwk(generateKeyPairSync("rsa", { modulusLength: 2048 }), "RS256"), jwk(generateKeyPairSync("ec", { namedCurve: "P-256" }), "ES256")] },
  cookies: { keys: ["a key for cookies that is not secret"] },
  scopes: scopes.split(" "),
  claims: { openid: ["sub"], profile: ["name", "nickname"], email: ["email", "email_verified"] },
  pkce: { required: () => false },
  rotateRefreshToken: true,
  issueRefreshToken: async (context, client, code) => code.scopes.has("offline_access"),
  findAccount: (context, id) => ({ accountId: id, claims: () => ({ sub: id, email: facts.user.email, email_verified: true, name: "Ada", nickname: "ada" }) }),
  features: {
    clientCredentials: { enabled: true },
    resourceIndicators: {
      enabled: true,
      defaultResource: () => undefined,
      useGrantedResource: () => true,
      getResourceServerInfo: (context, resource) => ({ scope: "execute:tools", audience: resource, accessTokenFormat: "jwt", accessTokenTTL: 86400, jwt: { sign: { alg: facts.apis[resource] } } }),
    },
  },
  ttl: { AccessToken: 86400, AuthorizationCode: 60, ClientCredentials: 86400, Grant: 1209600, IdToken: 36000, RefreshToken: 1209600, Session: 604800, Interaction: 3600 },
});
provider.listen(port, "127.0.0.1", () => process.stderr.write("listening\n"));
