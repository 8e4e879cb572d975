// <communique-feed>: shows a feed in a page of another site, in the page's own
// type and colours. What stands inside the element is shown where this script
// may not run, and as long as the feed cannot be read. Frames whose address has
// resize=1 get the height that they tell.
// Documented at /about/embed (docs/partners.md).
(() => {
  "use strict";

  const words = {
    en: ["No statement yet.", "All statements"],
    fr: ["Aucun communiqué pour le moment.", "Tous les communiqués"],
    es: ["Todavía no hay comunicados.", "Todos los comunicados"],
    pt: ["Ainda não há comunicados.", "Todos os comunicados"],
    ar: ["لا توجد بيانات بعد.", "جميع البيانات"],
  };

  const css = `
:host { display: block; color-scheme: light;
  --ink: var(--communique-text, #1c2330); --paper: var(--communique-background, #ffffff); --soft: var(--communique-muted, #566072);
  --mark: var(--communique-link, #0b5394); --rule: var(--communique-line, #d9dee6) }
:host([hidden]) { display: none }
@media (prefers-color-scheme: dark) { :host(:not([theme=light])) { color-scheme: dark;
  --ink: var(--communique-text, #e6e9ee); --paper: var(--communique-background, #14181f); --soft: var(--communique-muted, #a3adbc);
  --mark: var(--communique-link, #8cc0f5); --rule: var(--communique-line, #333c49) } }
:host([theme=dark]) { color-scheme: dark;
  --ink: var(--communique-text, #e6e9ee); --paper: var(--communique-background, #14181f); --soft: var(--communique-muted, #a3adbc);
  --mark: var(--communique-link, #8cc0f5); --rule: var(--communique-line, #333c49) }
[part=feed] { font: var(--communique-font, inherit); color: var(--ink); background: var(--paper); padding: var(--communique-padding, .6rem .9rem); overflow-wrap: anywhere }
a { color: var(--mark); text-decoration: none }
a:hover, a:focus-visible { text-decoration: underline }
a:focus-visible { outline: 3px solid var(--mark); outline-offset: 2px }
[part=heading] { font-size: 1.15em; line-height: 1.3; margin: 0 0 .5em }
[part=heading] a { color: inherit }
[part=title] { font-size: 1em; font-weight: 600; line-height: 1.35; margin: 0 }
ul { list-style: none; margin: 0; padding: 0 }
li { padding: var(--communique-gap, .6rem) 0; border-top: 1px solid var(--rule) }
p { margin: .2em 0 }
[part=by], [part=empty], [part=more] { color: var(--soft); font-size: .85em }
[part=language] { display: inline-block; line-height: 1.4; border: 1px solid var(--rule); border-radius: .8em; padding: 0 .5em }
[part=summary] { font-size: .93em; display: -webkit-box; -webkit-box-orient: vertical; -webkit-line-clamp: var(--communique-lines, 3); overflow: hidden }`;

  let sheet;
  const style = () => {
    if (!sheet) {
      sheet = new CSSStyleSheet(); // not <style>, which a strict policy refuses
      sheet.replaceSync(css);
    }
    return sheet;
  };

  // make builds an element. Texts become text nodes, whatever is in them.
  const make = (name, attributes, ...inside) => {
    const e = document.createElement(name);
    for (const [k, v] of Object.entries(attributes)) if (v) e.setAttribute(k, v);
    e.append(...inside.filter(Boolean));
    return e;
  };
  const text = (v) => (typeof v === "string" ? v : "");
  // web gives an address that is safe to follow, "" for any other.
  const web = (v) => {
    try {
      const u = new URL(text(v));
      return /^https?:$/.test(u.protocol) ? u.href : "";
    } catch {
      return "";
    }
  };
  const link = (href, part, what) => (href ? make("a", { href, part, target: "_blank", rel: "noopener" }, what) : what);
  const tag = (v) => (/^[a-z]{2,3}(-[a-z0-9]{1,8})*$/i.test(text(v)) ? v : "");

  // Feeds by address: elements of one page that show the same one share it.
  const feeds = new Map();

  class Feed {
    constructor(url) {
      this.url = url;
      this.shown = new Set();
      this.due = 0;
    }

    // The browser asks with the ETag that it has, so a feed that did not change
    // costs no more than that, and what was withdrawn is gone at the next load.
    async load() {
      if (this.busy || Date.now() < this.due) return;
      this.busy = true;
      let age = 300;
      try {
        const r = await fetch(this.url, { cache: "no-cache", credentials: "omit", headers: { Accept: "application/feed+json" } });
        age = Math.max(60, +(/max-age=(\d+)/.exec(r.headers.get("Cache-Control"))?.[1] ?? age));
        const gone = r.status === 404 || r.status === 410;
        if (!r.ok && !gone) throw new Error(`${r.status}`);
        const data = gone ? null : await r.json();
        this.data = data && Array.isArray(data.items) ? data : null;
        for (const e of this.shown) e.render(this.data);
      } catch (err) {
        // What was shown before stays: the feed is there again soon, as a rule.
        console.warn(`communique-feed: ${this.url}: ${err.message}`);
      }
      this.busy = false;
      this.due = Date.now() + age * 1000;
      clearTimeout(this.timer);
      if (this.shown.size) this.timer = setTimeout(() => this.look(), age * 1000);
    }

    // look asks again when it is time and somebody can see it; if not, becoming
    // visible brings us here again.
    look() {
      if (!document.hidden && [...this.shown].some((e) => e.visible)) this.load();
    }
  }

  document.addEventListener("visibilitychange", () => feeds.forEach((f) => f.look()));

  const seen = new IntersectionObserver((entries) => {
    for (const { target, isIntersecting } of entries) {
      target.visible = isIntersecting;
      if (isIntersecting) target.feed?.look();
    }
  }, { rootMargin: "200px" });

  class CommuniqueFeed extends HTMLElement {
    static get observedAttributes() { return ["src", "limit", "lang", "heading"]; }

    constructor() {
      super();
      this.root = this.attachShadow({ mode: "open" });
      this.root.append(document.createElement("slot"));
      try {
        this.root.adoptedStyleSheets = [style()];
      } catch { /* an old browser shows it unstyled */ }
    }

    connectedCallback() {
      seen.observe(this);
      this.follow();
    }

    disconnectedCallback() {
      seen.unobserve(this);
      this.leave();
    }

    attributeChangedCallback(name, before, after) {
      if (!this.isConnected || before === after) return;
      if (name === "heading") this.render(this.feed?.data);
      else this.follow();
    }

    // address gives the feed's, with the parameters that the attributes ask for.
    address() {
      const src = this.getAttribute("src");
      if (!src) return "";
      const u = new URL(web(new URL(src, document.baseURI).href));
      u.pathname = u.pathname.replace(/\.(html|atom|rss)$/, ".json");
      const limit = parseInt(this.getAttribute("limit"), 10);
      if (limit || !u.searchParams.has("limit")) u.searchParams.set("limit", Math.min(Math.max(limit || 10, 1), 20));
      const lang = tag(this.getAttribute("lang"));
      if (lang) u.searchParams.set("lang", lang);
      u.hash = "";
      return u.href;
    }

    follow() {
      let url = "";
      try {
        url = this.address();
      } catch { /* no address of the web */ }
      if (this.feed && this.feed.url === url) return;
      this.leave();
      if (!url) {
        console.warn("communique-feed: src is no address of a feed");
        return;
      }
      if (!feeds.has(url)) feeds.set(url, new Feed(url));
      this.feed = feeds.get(url);
      this.feed.shown.add(this);
      if (this.feed.data) this.render(this.feed.data);
      this.feed.load();
    }

    leave() {
      if (!this.feed) return;
      this.feed.shown.delete(this);
      if (!this.feed.shown.size) clearTimeout(this.feed.timer);
      this.feed = null;
    }

    // render shows a feed; without one, what stands inside the element.
    render(data) {
      if (!data) {
        this.root.replaceChildren(document.createElement("slot"));
        return;
      }
      const lang = tag(this.getAttribute("lang")) || tag(document.documentElement.lang) || tag(data.language) || "en";
      const ui = words[lang.slice(0, 2).toLowerCase()] ? lang : "en";
      const [none, all] = words[ui.slice(0, 2).toLowerCase()];
      const level = this.getAttribute("heading");
      const n = level === "none" ? 0 : Math.min(Math.max(parseInt(level, 10) || 2, 1), 6);
      const home = web(data.home_page_url);
      const title = text(data.title);
      const items = data.items.slice(0, 20).map((it) => this.item(it || {}, n, ui));
      this.root.replaceChildren(make("div", { part: "feed", role: "group", "aria-label": title, dir: ui.startsWith("ar") ? "rtl" : "ltr", lang: ui },
        n && make(`h${n}`, { part: "heading", lang: tag(data.language) }, link(home, "", make("bdi", {}, title))),
        items.length ? make("ul", { part: "list" }, ...items) : make("p", { part: "empty" }, none),
        home && make("p", { part: "more" }, link(home, "link", all))));
      this.dispatchEvent(new CustomEvent("communique-feed-shown", { bubbles: true, detail: { items: items.length } }));
    }

    item(it, n, ui) {
      const ours = it._communique || {};
      const lang = tag(it.language);
      const date = new Date(text(it.date_published) || text(it.date_modified));
      const name = n ? `h${Math.min(n + 1, 6)}` : "p";
      const summary = text(it.summary) || text(it.content_text);
      let language = lang;
      try {
        language = lang && new Intl.DisplayNames([lang], { type: "language" }).of(lang).replace(/^./u, (c) => c.toLocaleUpperCase(lang)); // as frames write it
      } catch { /* the tag will do */ }
      const locale = { en: "en-GB", ar: "ar-u-nu-latn" }[ui] || ui; // as frames write dates
      const day = isNaN(date) ? "" : make("time", { part: "date", datetime: date.toISOString() }, date.toLocaleDateString(locale, { dateStyle: "long", timeZone: "UTC" }));
      const office = text(ours.source?.title) || text(it.authors?.[0]?.name);
      return make("li", { part: "item" },
        make(name, { part: "title", lang, dir: "auto" }, link(web(ours.permalink) || web(it.url) || web(it.external_url), "link", text(it.title))),
        make("p", { part: "by" }, day, day && office && " · ", office && make("bdi", { part: "source" }, office), language && " ", language && make("bdi", { part: "language", lang }, language)),
        summary && make("p", { part: "summary", lang, dir: "auto" }, summary.length > 400 ? summary.slice(0, 400) + "…" : summary));
    }
  }

  if (!customElements.get("communique-feed")) customElements.define("communique-feed", CommuniqueFeed);

  // A frame's height counts when it comes from that frame and, unless the frame
  // is sandboxed and so has no origin, from where the frame was taken from.
  addEventListener("message", (e) => {
    const height = e.data?.communique === "height" && Math.ceil(e.data.height);
    if (!(height > 0)) return;
    for (const frame of document.querySelectorAll('iframe[src*="/embed/"][src*="resize=1"]')) {
      if (frame.contentWindow !== e.source) continue;
      const sandboxed = frame.hasAttribute("sandbox") && !frame.sandbox.contains("allow-same-origin");
      if (e.origin === (sandboxed ? "null" : new URL(frame.src).origin)) frame.height = Math.min(height, 10000);
    }
  });
})();
