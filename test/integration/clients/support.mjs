// What the scripts here share: their facts, steps that say how they went, and a user who logs in.
import { Browser } from "../support/browser.mjs";

export const facts = JSON.parse(process.argv[2]);

// Goes on after a failure, so that one run shows all of them.
export async function step(name, work) {
  try {
    await work();
    console.log(`ok ${name}`);
  } catch (error) {
    process.exitCode = 1;
    console.log(`not ok ${name}: ${error.stack}\n${JSON.stringify({ body: error.body, cause: error.cause, code: error.code }, undefined, 1)}`);
  }
}

// The redirect that ends an authorization request, after login and consent.
export const authorize = (url, redirectUri = facts.redirectUri) => new Browser().authorize(url, redirectUri, facts.user);

export const claimsOf = (token) => JSON.parse(Buffer.from(token.split(".")[1], "base64url"));
