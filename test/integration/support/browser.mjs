// A browser without a screen: cookies, redirects, and forms filled in by the names of their fields.
const entities = { amp: "&", lt: "<", gt: ">", quot: '"', "#39": "'", "#x27": "'", "#x2F": "/" };
const unescape = (text) => text.replace(/&([#\w]+);/g, (all, name) => entities[name] ?? all);

function attributes(tag) {
  const found = {};
  for (const [, name, , quoted] of tag.matchAll(/([\w-]+)(="([^"]*)")?/g)) found[name.toLowerCase()] = unescape(quoted ?? "");
  return found;
}

export function forms(html) {
  return [...html.matchAll(/<form\b([^>]*)>([\s\S]*?)<\/form>/gi)].map(([, head, body]) => ({
    ...attributes(head),
    fields: [...body.matchAll(/<input\b([^>]*)>/gi)].map(([, tag]) => attributes(tag)),
    buttons: [...body.matchAll(/<button\b([^>]*)>([\s\S]*?)<\/button>/gi)].map(([, tag, label]) => ({ ...attributes(tag), label: label.trim() })),
  }));
}

export class Browser {
  cookies = new Map();
  pages = [];

  #keep(answer) {
    for (const line of answer.headers.getSetCookie()) {
      const [pair, ...rest] = line.split(";");
      const [name, ...value] = pair.split("=");
      const isGone = rest.some((part) => /^\s*max-age=0$/i.test(part)) || value.join("=") === "";
      if (isGone) this.cookies.delete(name.trim());
      else this.cookies.set(name.trim(), value.join("="));
    }
  }

  async #request(url, options = {}) {
    const cookie = [...this.cookies].map(([name, value]) => `${name}=${value}`).join("; ");
    const answer = await fetch(url, {
      redirect: "manual", ...options,
      headers: { accept: "text/html", "sec-fetch-site": options.body ? "same-origin" : "none", ...(cookie && { cookie }), ...options.headers },
    });
    this.#keep(answer);
    return answer;
  }

  // Follows redirects until a page, or until a redirect leaves for `until` (which is not fetched).
  async open(url, until, options) {
    let answer = await this.#request(url, options);
    let at = new URL(url);
    for (let hops = 0; answer.status >= 300 && answer.status < 400; hops++) {
      if (hops > 20) throw new Error(`too many redirects at ${at}`);
      const target = new URL(answer.headers.get("location"), at);
      await answer.arrayBuffer();
      if (until && target.href.startsWith(until)) return { redirect: target };
      at = target;
      answer = await this.#request(at);
    }
    const html = await answer.text();
    this.pages.push({ url: at.href, status: answer.status, headers: answer.headers, html });
    return { url: at, status: answer.status, headers: answer.headers, html, forms: forms(html) };
  }

  async submit(page, values, action, until) {
    const form = page.forms[0];
    const body = new URLSearchParams();
    for (const field of form.fields) {
      const value = field.name in values ? values[field.name] : field.value ?? "";
      if (field.name) body.append(field.name, value);
    }
    const button = form.buttons.find((candidate) => candidate.value === action) ?? form.buttons[0];
    if (button?.name) body.append(button.name, button.value);
    const target = new URL(form.action || page.url, page.url);
    return this.open(target, until, {
      method: "POST", body,
      headers: { origin: target.origin, referer: page.url.href },
    });
  }

  // From an authorization URL through login and consent to the redirect. decision: accept or deny.
  async authorize(url, redirectUri, { email, password, decision = "accept" }) {
    let page = await this.open(url, redirectUri);
    for (let step = 0; !page.redirect; step++) {
      const fields = page.forms?.[0]?.fields.map((field) => field.name) ?? [];
      if (step > 6 || page.status >= 400 || fields.length === 0) {
        throw new Error(`stuck at ${page.url} (${page.status}): ${page.html?.replace(/<style[\s\S]*?<\/style>|<[^>]+>/g, " ").replace(/\s+/g, " ").slice(0, 400)}`);
      }
      page = fields.includes("password")
        ? await this.submit(page, { username: email, email, login: email, password }, "login", redirectUri)
        : await this.submit(page, {}, decision, redirectUri);
    }
    return page.redirect;
  }
}
