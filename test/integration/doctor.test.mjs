// `doorward doctor` against a gateway that runs, and against nothing.
import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import { doorward, fixture, node, startDev, toml } from "./support/doorward.mjs";
import { freePort, temporaryFolder, writeFile } from "./support/process.mjs";

describe("doorward doctor", () => {
  let dev;
  before(async () => { dev = await startDev({ upstream: [node, fixture, "stdio"], rows: [] }); });
  after(() => dev?.stop());

  async function examine(tables) {
    const config = writeFile(temporaryFolder(), "doorward.toml", toml(tables));
    const ended = await doorward(["doctor", "--json", "--config", config]);
    return { status: ended.status, stderr: ended.stderr, findings: ended.stdout ? JSON.parse(ended.stdout).findings : [] };
  }
  const good = () => ({ auth: { issuer: dev.issuer }, gateway: { listen: `127.0.0.1:${dev.gatewayPort}`, command: [node] } });

  test("all is well where all is well", async () => {
    const { status, findings } = await examine(good());
    assert.equal(status, 0, JSON.stringify(findings));
    assert.deepEqual(findings.map((finding) => [finding.check, finding.ok]), [
      ["configuration", true], ["issuer", true], ["upstream", true], ["gateway", true], ["refusal", true], ["refusal", true],
    ]);
  });
  test("each fault is a finding, and the status is 3", async () => {
    const tables = { auth: { issuer: `http://127.0.0.1:${await freePort()}/` }, gateway: { listen: `127.0.0.1:${await freePort()}`, command: ["no-such-mcp-server"] } };
    const { status, findings } = await examine(tables);
    assert.equal(status, 3);
    assert.deepEqual(findings.map((finding) => [finding.check, finding.ok]), [["configuration", true], ["issuer", false], ["upstream", false], ["gateway", false]]);
    assert.match(findings[2].text, /no-such-mcp-server/);
  });
  test("a public URL that differs from the metadata is found", async () => {
    const tables = good();
    tables.gateway.public_url = dev.url.replace("127.0.0.1", "localhost");
    const { status, findings } = await examine(tables);
    assert.equal(status, 3);
    assert.match(findings.at(-1).text, /byte for byte/);
  });
  test("something that lets everybody in is found", async () => {
    const tables = good();
    tables.gateway.public_url = dev.issuer;
    const { status, findings } = await examine(tables);
    assert.equal(status, 3, JSON.stringify(findings));
  });
  test("a configuration that is wrong is one sentence and status 1", async () => {
    const { status, stderr } = await examine({ auth: { issuer: "nonsense" } });
    assert.equal(status, 1);
    assert.match(stderr, /^doorward doctor: .*no URL\n$/);
  });
});
