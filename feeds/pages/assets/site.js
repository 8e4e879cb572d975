// Everything here makes a page that works without it more comfortable: choices
// are shown without a full reload, and addresses are copied by a button.
(() => {
  "use strict";
  const said = document.createElement("p");
  said.className = "hidden";
  said.setAttribute("role", "status");

  let asked;
  // show puts the page of an address of ours in place of this one, and focus on its
  // heading or, where it is no more than a field's new value, back into the field from.
  // What goes wrong is left to the browser, which knows how to tell it.
  const show = async (url, push, from) => {
    asked?.abort();
    asked = new AbortController();
    const mine = asked;
    try {
      const answer = await fetch(url, { headers: { Accept: "text/html" }, signal: mine.signal, credentials: "same-origin" });
      if (!answer.ok || !(answer.headers.get("Content-Type") || "").startsWith("text/html")) throw answer.status;
      const next = new DOMParser().parseFromString(await answer.text(), "text/html");
      if (mine.signal.aborted) return;
      if (push) history[from ? "replaceState" : "pushState"](null, "", url);
      document.title = next.title;
      for (const name of ["lang", "dir"]) document.documentElement[name] = next.documentElement[name];
      for (const old of document.head.querySelectorAll("link[rel=alternate], link[rel=canonical]")) old.remove();
      document.head.append(...next.head.querySelectorAll("link[rel=alternate], link[rel=canonical]"));
      const before = scrollY;
      document.body.replaceChildren(...next.body.children, said);
      enhance();
      const field = from && document.getElementById(from);
      if (field) {
        // Who goes through a field's values by the arrow keys stays there.
        field.focus({ preventScroll: true });
        scrollTo({ top: before, behavior: "instant" });
        return;
      }
      const anchor = document.getElementById(url.hash.slice(1));
      const heading = document.querySelector("h1");
      heading.tabIndex = -1;
      (anchor || heading).scrollIntoView();
      (anchor?.querySelector("summary") || heading).focus({ preventScroll: true });
      said.textContent = (document.getElementById("count")?.textContent || "") + " " + document.title;
    } catch (e) {
      if (!mine.signal.aborted) location.href = url;
    }
  };

  // ours tells whether an address is a page of a feed, which show can put here.
  const ours = (url) => url.origin === location.origin && /\/feeds\/.+\.html$/.test(url.pathname);
  const here = () => ours(location) || document.querySelector(".columns");

  addEventListener("click", (e) => {
    const a = e.target.closest?.("a[href]");
    if (!a || e.defaultPrevented || e.button || e.metaKey || e.ctrlKey || e.shiftKey || e.altKey || a.target || !a.closest(".columns")) return;
    const url = new URL(a.href);
    if (a.getAttribute("href").startsWith("#") || !ours(url) || !here()) return;
    e.preventDefault();
    show(url, true);
  });

  addEventListener("submit", (e) => {
    const form = e.target;
    if (form.method !== "get" || !form.closest(".columns")) return;
    const url = new URL(form.action);
    const hash = url.hash;
    url.search = new URLSearchParams([...new FormData(form)].filter(([, v]) => v !== ""));
    url.hash = hash;
    if (!ours(url)) return;
    e.preventDefault();
    const field = document.activeElement;
    show(url, true, field?.matches("select") && form.contains(field) ? field.id : "");
  });

  addEventListener("change", (e) => e.target.closest?.("form.embed")?.requestSubmit());
  let shown = location.pathname + location.search;
  addEventListener("popstate", () => {
    // An anchor within the page is no other page.
    if (location.pathname + location.search !== shown && here()) show(new URL(location.href), false);
  });

  const enhance = () => {
    shown = location.pathname + location.search;
    for (const box of document.querySelectorAll("[data-copy]")) {
      const button = document.createElement("button");
      button.type = "button";
      button.textContent = box.dataset.copy;
      const field = box.querySelector("input, textarea");
      button.setAttribute("aria-describedby", field.id);
      button.addEventListener("click", async () => {
        field.select();
        try { await navigator.clipboard.writeText(field.value); } catch { document.execCommand("copy"); }
        said.textContent = button.textContent = box.dataset.copied;
        setTimeout(() => { button.textContent = box.dataset.copy; }, 2000);
      });
      box.append(button);
    }
  };
  document.body.append(said);
  enhance();
})();
