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

// body: of an answer that is JSON.
export async function postForm(url, parameters, headers = {}) {
  const answer = await fetch(url, { method: "POST", body: new URLSearchParams(parameters), headers, redirect: "manual" });
  const text = await answer.text();
  const isJson = text && /json/.test(answer.headers.get("content-type") ?? "");
  return { status: answer.status, headers: answer.headers, text, body: isJson ? JSON.parse(text) : undefined };
}

export const claimsOf = (token) => JSON.parse(Buffer.from(token.split(".")[1], "base64url"));

// What goes to /authorize, and to the token endpoint (RFC 7636).
export function pkce() {
  const code_verifier = randomBytes(32).toString("base64url");
  const code_challenge = createHash("sha256").update(code_verifier).digest("base64url");
  return { code_verifier, challenge: { code_challenge, code_challenge_method: "S256" } };
}
