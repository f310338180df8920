// Looks at a page as people do: at desktop and phone size, in both colour schemes, in every language, with letters twice the
// size, by keyboard, with axe-core. Pictures go to build/screenshots. The page's own scripts stay off; only axe runs, from outside.
import assert from "node:assert/strict";
import { mkdirSync, readFileSync } from "node:fs";
import { createRequire } from "node:module";
import path from "node:path";
import { chromium } from "playwright-core";
import { root } from "./process.mjs";

const axeSource = readFileSync(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");
export const pictures = path.join(root, "build", "screenshots");
mkdirSync(path.join(pictures, "languages"), { recursive: true });

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
  // Two links one below the other: a finger needs room between their words, also where they go over two lines.
  for (const element of document.querySelectorAll("a.plain, button.plain")) {
    const words = document.createRange();
    words.selectNodeContents(element);
    const room = element.getBoundingClientRect().height - words.getBoundingClientRect().height;
    if (shown(element) && room < 8) found.push(`its words touch what is above and below: ${name(element)}`);
  }
  for (const note of document.querySelectorAll(".note.bad")) if (note.getAttribute("role") !== "alert") found.push(`an error that is not announced: ${name(note)}`);
  if (!document.documentElement.lang || document.title.trim() === "") found.push("no language or no title");
  if (document.querySelectorAll("h1").length !== 1) found.push("not one heading");
  if (document.scripts.length > (["post_back", "web_message"].includes(document.body.dataset.page) ? 1 : 0)) found.push("has a script");
  return found;
};

// What a keyboard reaches: all of it, in the order in which it stands, and one sees where one is.
const controls = () => [...document.querySelectorAll("a[href], button, input:not([type=hidden]), select, summary")]
  .filter((element) => element.tabIndex >= 0 && element.getClientRects().length > 0).length;
const begin = () => {
  window.lookedFrom = document.activeElement;
  document.activeElement?.blur();
  document.querySelectorAll("a[href], button, input:not([type=hidden]), select, summary").forEach((element, at) => { element.lookedAt = at; });
  const start = document.createElement("span");
  start.tabIndex = -1;
  document.body.prepend(start);
  start.focus();
  start.remove();
};
const focused = () => {
  const element = document.activeElement;
  const { outlineStyle, outlineWidth } = getComputedStyle(element);
  return { at: element.lookedAt ?? -1, html: element.outerHTML.slice(0, 90), isSeen: outlineStyle !== "none" && Number.parseFloat(outlineWidth) >= 2 };
};
async function walk(page, where) {
  const wrong = [];
  const count = await page.evaluate(controls);
  await page.evaluate(begin);
  let last = -1;
  for (let step = 0; step < count; step++) {
    await page.keyboard.press("Tab");
    const { at, html, isSeen } = await page.evaluate(focused);
    if (at <= last) wrong.push(`${where}: Tab ${step + 1} of ${count} is at: ${html}`);
    if (!isSeen) wrong.push(`${where}: one does not see the focus: ${html}`);
    last = at;
  }
  await page.evaluate(() => { document.activeElement?.blur(); window.lookedFrom?.focus(); });
  return wrong;
}

// The pages that were looked at, by the names of their templates; and those with an error on them.
export const seen = { pages: new Set(), problems: new Set() };

const languages = ["en", "de", "es", "fr", "ja"];
// The same page for people with other browsers, on a phone and with letters twice the size. A page that only a form leads to
// has no other language here.
async function readElsewhere(page, name, template) {
  const wrong = [];
  const context = page.context();
  const other = await context.newPage();
  for (const language of languages) {
    const answer = await context.request.get(page.url(), { headers: { "accept-language": language }, maxRedirects: 0, failOnStatusCode: false });
    const html = await answer.text();
    if (!html.includes(`<body data-page="${template}"`) || !html.includes(`<html lang="${language}"`)) break;
    await other.setContent(html.replaceAll(/<script>[^]*?<\/script>/g, ""));
    for (const [size, width, letters] of [["phone", 320, "100%"], ["large letters", 640, "200%"]]) {
      await other.setViewportSize({ width, height: 640 });
      await other.evaluate((size) => { document.documentElement.style.fontSize = size; }, letters);
      for (const fault of await other.evaluate(measure)) wrong.push(`${name}, ${language}, ${size}: ${fault}`);
      if (width === 320) await other.screenshot({ path: path.join(pictures, "languages", `${name}-${language}.png`), fullPage: true });
    }
  }
  await other.close();
  return wrong;
}

// Fails with everything that is wrong with the page; leaves it at desktop size in light colours.
export async function look(page, name, { isTranslation = false } = {}) {
  const wrong = [];
  const { template, hasProblem } = await page.evaluate(() => ({ template: document.body.dataset.page, hasProblem: document.querySelector(".note.bad") !== null }));
  seen.pages.add(template);
  if (hasProblem) seen.problems.add(template);
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
  wrong.push(...await walk(page, name), ...(isTranslation ? [] : await readElsewhere(page, name, template)));
  assert.deepEqual(wrong, [], wrong.join("\n"));
}
