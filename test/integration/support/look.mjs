// Looks at a page as people do: at desktop and phone size, in both colour schemes, with axe-core. Pictures go to
// build/screenshots. The page's own scripts stay off; only axe runs, from outside.
import assert from "node:assert/strict";
import { mkdirSync, readFileSync } from "node:fs";
import { createRequire } from "node:module";
import path from "node:path";
import { chromium } from "playwright-core";
import { root } from "./process.mjs";

const axeSource = readFileSync(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");
export const pictures = path.join(root, "build", "screenshots");
mkdirSync(pictures, { recursive: true });

const sizes = { desktop: { width: 1024, height: 768 }, phone: { width: 320, height: 640 } };
export const rules = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"];

export const launch = () => chromium.launch({ executablePath: process.env.CHROMIUM ?? "/usr/bin/chromium", args: ["--no-sandbox", "--disable-gpu"] });

// What is too small for a finger (WCAG 2.5.5: 44 by 44, but for links inside sentences), or wider than the screen.
const measure = () => {
  const shown = (element) => element.getClientRects().length > 0 && !element.matches(".hidden, [type=hidden]");
  const name = (element) => element.outerHTML.slice(0, 90);
  const found = [];
  for (const element of document.querySelectorAll("button, input, select, summary, a.plain, a.button")) {
    if (!shown(element) || element.matches("[type=checkbox], [type=radio]")) continue;
    const { height } = element.getBoundingClientRect();
    if (height < 43.5) found.push(`${height} px high: ${name(element)}`);
  }
  const width = document.documentElement.clientWidth;
  if (document.documentElement.scrollWidth > width) found.push(`scrolls sideways: ${document.documentElement.scrollWidth} > ${width}`);
  for (const element of document.querySelectorAll("input:not([type=hidden]):not(.hidden)")) {
    if (!element.labels?.length && !element.getAttribute("aria-label")) found.push(`no label: ${name(element)}`);
  }
  for (const id of [...document.querySelectorAll("[aria-describedby]")].flatMap((element) => element.getAttribute("aria-describedby").split(" "))) {
    if (!document.getElementById(id)) found.push(`aria-describedby names ${id}, which is not there`);
  }
  if (document.scripts.length > 0 && !document.documentElement.hasAttribute("data-scripts")) found.push("has a script");
  return found;
};

// Fails with everything that is wrong with the page; leaves it at desktop size in light colours.
export async function look(page, name) {
  const wrong = [];
  for (const [size, viewport] of Object.entries(sizes)) {
    await page.setViewportSize(viewport);
    for (const colorScheme of ["dark", "light"]) {
      await page.emulateMedia({ colorScheme, reducedMotion: "reduce" });
      const where = `${name}, ${size}, ${colorScheme}`;
      for (const fault of await page.evaluate(measure)) wrong.push(`${where}: ${fault}`);
      await page.evaluate(axeSource);
      const { violations } = await page.evaluate((runOnly) => window.axe.run({ runOnly }), rules);
      for (const { id, help, nodes } of violations) wrong.push(`${where}: ${id}: ${help}: ${nodes.map((node) => `${node.html} ${node.failureSummary}`).join(" | ")}`);
      const suffix = { "desktop light": "", "desktop dark": "-dark", "phone light": "-phone", "phone dark": "-phone-dark" }[`${size} ${colorScheme}`];
      await page.screenshot({ path: path.join(pictures, `${name}${suffix}.png`), fullPage: true });
    }
  }
  await page.setViewportSize(sizes.desktop);
  assert.deepEqual(wrong, [], wrong.join("\n"));
}
