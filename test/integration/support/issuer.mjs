// An authorization server in a few lines: discovery, keys, and tokens of any shape, also of bad ones.
import { createHmac, createSign, generateKeyPairSync, sign as signBytes } from "node:crypto";
import { createServer } from "node:http";

const encode = (value) => Buffer.from(typeof value === "string" ? value : JSON.stringify(value)).toString("base64url");

export function makeKey(alg = "RS256", kid = `key-${alg}`) {
  const made = alg.startsWith("ES") ? generateKeyPairSync("ec", { namedCurve: { ES256: "P-256", ES384: "P-384", ES512: "P-521" }[alg] })
    : alg === "EdDSA" ? generateKeyPairSync("ed25519") : generateKeyPairSync("rsa", { modulusLength: 2048 });
  return { ...made, alg, kid, jwk: { ...made.publicKey.export({ format: "jwk" }), kid, use: "sig", alg } };
}

export function signature(alg, key, input) {
  const hash = `sha${alg.slice(2)}`;
  if (alg === "none") return "";
  if (alg.startsWith("HS")) return createHmac(hash, key).update(input).digest("base64url");
  if (alg === "EdDSA") return signBytes(null, Buffer.from(input), key).toString("base64url");
  const options = alg.startsWith("PS") ? { key, padding: 6, saltLength: 32 } : alg.startsWith("ES") ? { key, dsaEncoding: "ieee-p1363" } : key;
  return createSign(hash).update(input).sign(options).toString("base64url");
}

export class Issuer {
  keys = [makeKey("RS256")];
  foreignKeys = []; // published beside our own
  requests = [];
  isDown = false;

  async start(port = 0) {
    this.server = createServer((request, answer) => {
      this.requests.push(request.url);
      if (this.isDown) return answer.writeHead(503).end();
      const documents = {
        "/.well-known/openid-configuration": () => this.discovery,
        "/.well-known/oauth-authorization-server": () => this.discovery,
        "/.well-known/jwks.json": () => ({ keys: [...this.keys.map((key) => key.jwk), ...this.foreignKeys] }),
      };
      const document = documents[request.url]?.();
      answer.writeHead(document ? 200 : 404, { "content-type": "application/json" }).end(JSON.stringify(document ?? {}));
    });
    await new Promise((resolve) => this.server.listen(port, "127.0.0.1", resolve));
    this.server.unref();
    this.port = this.server.address().port;
    this.url = `http://127.0.0.1:${this.port}/`;
    this.discovery = {
      issuer: this.url, authorization_endpoint: `${this.url}authorize`, token_endpoint: `${this.url}oauth/token`,
      jwks_uri: `${this.url}.well-known/jwks.json`, response_types_supported: ["code"], code_challenge_methods_supported: ["S256"],
    };
    return this;
  }

  stop() { this.server.closeAllConnections(); return new Promise((resolve) => this.server.close(resolve)); }

  claims(more = {}) {
    const now = Math.floor(Date.now() / 1000);
    return { iss: this.url, sub: "auth0|u1", aud: this.audience, iat: now, exp: now + 3600, azp: "client-1", scope: "", ...more };
  }

  // A good token with these claims; header, key and alg can make it a bad one.
  token(claims = {}, { header = {}, key = this.keys[0], alg = key.alg } = {}) {
    const input = `${encode({ alg, typ: "at+jwt", kid: key.kid, ...header })}.${encode(this.claims(claims))}`;
    return `${input}.${signature(alg, key.privateKey ?? key.secret, input)}`;
  }
}
