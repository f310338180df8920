// `meson install`, then programs outside the tree: C, C++ and Python against the installed library alone.
import assert from "node:assert/strict";
import { copyFileSync, mkdirSync, readdirSync, readFileSync } from "node:fs";
import { before, test } from "node:test";
import path from "node:path";
import { Client } from "@modelcontextprotocol/sdk/client/index.js";
import { StdioClientTransport } from "@modelcontextprotocol/sdk/client/stdio.js";
import { binary, freePort, root, run, temporaryFolder, writeFile } from "./support/process.mjs";

const folder = temporaryFolder();
const destination = path.join(folder, ".local");
const work = path.join(folder, "work");
let environment, library, headers;

async function good(command, args, options) {
  const done = await run(command, args, { limitMs: 60_000, cwd: work, env: environment, ...options });
  assert.equal(done.status, 0, `${command} ${args.join(" ")}\n${done.talk}`);
  return done.stdout.trim();
}
const flags = async (name) => (await good("pkg-config", ["--cflags", "--libs", name])).split(/\s+/);

before(async () => {
  mkdirSync(work);
  await good("meson", ["install", "-C", path.dirname(binary), "--no-rebuild", "--destdir", destination]);
  const installed = readdirSync(destination, { recursive: true });
  const at = (name) => path.join(destination, installed.find((file) => path.basename(file) === name) ?? assert.fail(`${name} is not installed`));
  library = at("libdoorward.so.0");
  headers = path.dirname(at("doorward.h"));
  environment = { PKG_CONFIG_SYSROOT_DIR: destination, PKG_CONFIG_PATH: path.dirname(at("doorward.pc")), LD_LIBRARY_PATH: path.dirname(library) };
  assert.ok(at("doorward.1"));
});

async function saysHello(command, args = [], env = environment) {
  const client = new Client({ name: "doorward-test", version: "1.0.0" });
  await client.connect(new StdioClientTransport({ command, args, env: { PATH: process.env.PATH, ...env }, stderr: "ignore" }));
  const { content } = await client.callTool({ name: "hello", arguments: { name: "world" } });
  assert.deepEqual(content, [{ type: "text", text: "Hello, world!" }]);
  await client.close();
}

test("a C99 program builds with pkg-config and serves", async () => {
  copyFileSync(path.join(root, "examples/hello.c"), path.join(work, "hello.c"));
  await good("cc", ["-std=c99", "-pedantic", "-Wall", "-Wextra", "-Werror", "hello.c", "-o", "hello", ...await flags("doorward")]);
  await saysHello(path.join(work, "hello"));
});

// docs/first-server.md, block after block, as somebody pastes it: HOME is where it was installed to.
test("the page for newcomers can be pasted into an empty folder", async () => {
  const page = readFileSync(path.join(root, "docs/first-server.md"), "utf8");
  const blocks = (language) => [...page.matchAll(new RegExp(`\`\`\`${language}\n(.*?)\`\`\``, "gs"))].map(([, text]) => text);
  const [hello, , tested] = blocks("c"), [build, talk, , test] = blocks("sh");
  const empty = path.join(folder, "empty"), port = await freePort();
  mkdirSync(empty);
  writeFile(empty, "hello.c", hello);
  writeFile(empty, "test.c", tested);
  const paste = (text) => good("bash", ["-ec", text.replaceAll("8080", port)], { cwd: empty, env: { ...environment, HOME: folder, PATH: process.env.PATH } });
  assert.match(await paste(`${build}${talk}kill %1`), /"content":\[\{"type":"text","text":"Hello, Ann!"\}\]/);
  assert.equal(await paste(`${build.split("\n")[0]}\n${test}`), "good");
});

test("a C++11 program builds with pkg-config and serves", async () => {
  copyFileSync(path.join(root, "examples/hello.cpp"), path.join(work, "hello.cpp"));
  await good("c++", ["-std=c++11", "-pedantic", "-Wall", "-Wextra", "-Werror", "hello.cpp", "-o", "hello-cpp", ...await flags("doorward")]);
  await saysHello(path.join(work, "hello-cpp"));
});

test("a Python program serves by ctypes", () => saysHello("python3", [path.join(root, "examples/hello.py")], { ...environment, DOORWARD_LIBRARY: library }));

test("a test of somebody's server builds with pkg-config doorward-testing and runs", async () => {
  writeFile(work, "tested.c", `#include <doorward/doorward.h>
#include <doorward/testing.h>
int main(void)
{
    struct dw_error error;
    struct dw_auth *reader = dw_test_auth("auth0|1", "read:reports", "{}", &error);
    bool is_refused = reader && dw_auth_require_scope(reader, "read:reports", &error) && !dw_auth_require_scope(reader, "write:reports", &error);

    dw_auth_free(reader);
    return is_refused ? 0 : 1;
}
`);
  await good("cc", ["-std=c99", "-Wall", "-Wextra", "-Werror", "tested.c", "-o", "tested", ...await flags("doorward-testing")]);
  await good(path.join(work, "tested"), []);
});

test("each header stands alone, as C99 and as C++11", async () => {
  const names = readdirSync(headers).filter((name) => name.endsWith(".h"));
  assert.deepEqual(names.sort(), ["auth.h", "call.h", "doorward.h", "error.h", "export.h", "http.h", "server.h", "slice.h", "testing.h"]);
  for (const name of names)
    for (const [command, standard, language] of [["cc", "c99", "c"], ["c++", "c++11", "c++"]]) {
      writeFile(work, "alone", `#include <doorward/${name}>\n#include <doorward/${name}>\nextern int nothing_else;\n`);
      await good(command, [`-std=${standard}`, "-pedantic-errors", "-Wall", "-Wextra", "-Werror", "-fsyntax-only", `-I${path.dirname(headers)}`, "-x", language, "alone"]);
    }
});
