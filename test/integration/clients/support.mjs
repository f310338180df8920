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

// The six digits of the newest message to somebody, from the development outbox.
export async function sentCode(recipient) {
  const shown = recipient.replace("+", "&#43;");
  for (let tries = 0; tries < 40; tries++) {
    const page = await (await fetch(`${facts.issuer}dev/outbox`)).text();
    const at = page.includes(shown) ? page.indexOf(shown) : page.indexOf(recipient);
    const code = at < 0 ? null : page.slice(at).match(/\b(\d{6})\b/);
    if (code) return code[1];
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
  throw new Error(`no code for ${recipient}`);
}
