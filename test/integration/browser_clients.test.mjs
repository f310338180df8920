// MCP clients that are pages of another origin, in Chromium: what CORS lets their scripts read is all that they have.
import assert from "node:assert/strict";
import { createServer } from "node:http";
import path from "node:path";
import { after, before, describe, test } from "node:test";
import { rolldown } from "rolldown";
import { fixture, node, startDev, users } from "./support/doorward.mjs";
import { launch } from "./support/look.mjs";
import { here } from "./support/process.mjs";

async function bundled(script) {
  const bundle = await rolldown({ input: path.join(here, script), platform: "browser", logLevel: "silent" });
  const { output } = await bundle.generate({ format: "esm", codeSplitting: false });
  return output[0].code;
}

describe("a page that is an MCP client", () => {
  let dev, browser, server;
  before(async () => {
    const script = await bundled("clients/mcp_page.mjs");
    server = createServer((request, answer) => {
      const isScript = request.url === "/client.js";
      answer.writeHead(200, { "content-type": isScript ? "text/javascript" : "text/html" }).end(isScript ? script : '<!doctype html><title>page</title><script type="module" src="/client.js"></script>');
    });
    await new Promise((resolve) => server.listen(0, "127.0.0.1", resolve));
    dev = await startDev({ upstream: [node, fixture, "stdio"] });
    browser = await launch();
  });
  after(async () => {
    await browser?.close();
    server?.close();
    await dev?.stop();
  });

  async function logIn(tab, origin) {
    await tab.waitForURL((url) => url.origin === new URL(dev.issuer).origin);
    while (!tab.url().startsWith(origin)) {
      for (const [name, value] of [["username", users.user.email], ["password", users.user.password]]) {
        const field = tab.locator(`input[name="${name}"]:visible`);
        if (await field.count() > 0) await field.first().fill(value);
      }
      await Promise.all([tab.waitForNavigation(), tab.locator('form button[type="submit"]:not(.plain):not(.second)').first().click()]);
    }
  }

  for (const [kind, host] of [["first", "localhost"], ["second", "localhost"], ["second", "127.0.0.1"]]) {
    test(`SDK client of the ${kind} generation at ${host}: discovers, registers, logs in, calls and refreshes`, { timeout: 30_000 }, async () => {
      const origin = `http://${host}:${server.address().port}`;
      const context = await browser.newContext();
      const tab = await context.newPage();
      const complaints = [];
      tab.on("console", (line) => { if (/CORS|blocked/i.test(line.text())) complaints.push(line.text()); });
      await tab.goto(`${origin}/`);
      const call = (name, ...more) => tab.evaluate(([of, given]) => window[of](...given), [name, [kind, dev.url, ...more]]);
      await call("connect").catch(() => {}); // it navigates away
      await logIn(tab, origin);
      await call("finish");
      const say = () => tab.evaluate(async () => ({ tools: (await client.listTools()).tools.map(({ name }) => name), said: (await client.callTool({ name: "echo", arguments: { text: "hello" } })).content[0].text }));
      const { tools, said } = await say();
      assert.ok(tools.includes("echo") && !tools.includes("admin-reset"), String(tools));
      assert.equal(said, "hello");

      // A token that the gateway refuses: its challenge is read, and the refresh token gives another without a login.
      const before = await tab.evaluate(() => { const tokens = stored("tokens"); store("tokens", { ...tokens, access_token: `${tokens.access_token.slice(0, -8)}AAAAAAAA` }); return tokens; });
      assert.equal((await say()).said, "hello");
      const fresh = await tab.evaluate(() => stored("tokens"));
      assert.notEqual(fresh.refresh_token, before.refresh_token);
      assert.deepEqual(complaints, []);
      await context.close();
    });
  }
});
