// The tenant from outside: its management verbs, forms sent to it, what its tokens say.
import assert from "node:assert/strict";
import { createHash, randomBytes } from "node:crypto";
import { doorward } from "./doorward.mjs";

// doorward tenant NOUN VERB ..., on the state of a tenant of startTenant(); what it prints as JSON.
export async function manage({ config }, ...words) {
  const done = await doorward(["tenant", ...words, "--config", config, "--json"]);
  assert.equal(done.status, 0, `${words.join(" ")}: ${done.stderr}`);
  return done.stdout.trim() ? JSON.parse(done.stdout) : undefined;
}

// form or json: what is sent, if anything. The answer's body: where it is JSON.
export async function send(url, { method = "POST", form, json, headers = {} } = {}) {
  const body = form ? new URLSearchParams(form) : json ? JSON.stringify(json) : undefined;
  const answer = await fetch(url, { method, body, redirect: "manual", headers: { ...(json && { "content-type": "application/json" }), ...headers } });
  const text = await answer.text();
  const isJson = text && /json/.test(answer.headers.get("content-type") ?? "");
  return { status: answer.status, headers: answer.headers, text, body: isJson ? JSON.parse(text) : undefined };
}
export const postForm = (url, parameters, headers) => send(url, { form: parameters, headers });

// The mails of a tenant without a mail server, the newest first.
export const outbox = async (tenant) => (await send(new URL("dev/outbox", tenant.issuer), { method: "GET", headers: { accept: "application/json" } })).body;

export const claimsOf = (token) => JSON.parse(Buffer.from(token.split(".")[1], "base64url"));

// What goes to /authorize, and to the token endpoint (RFC 7636).
export function pkce() {
  const code_verifier = randomBytes(32).toString("base64url");
  const code_challenge = createHash("sha256").update(code_verifier).digest("base64url");
  return { code_verifier, challenge: { code_challenge, code_challenge_method: "S256" } };
}
