// Tells the page around a frame how high the frame has to be. It says so twice:
// as our own embed.js reads it, and as WordPress does, which hands a secret to
// frames that it found by oEmbed and follows their links for them.
(() => {
  "use strict";
  if (parent === window) return;
  // The height of a public page is no secret, so where the browser does not say
  // who is around us, anybody may hear it. An origin of "null" can only be
  // reached so.
  let around = "";
  try {
    around = location.ancestorOrigins?.[0] || (document.referrer && new URL(document.referrer).origin) || "";
  } catch { /* a referrer that is no URL */ }
  const to = /^https?:/.test(around) ? around : "*";
  const secret = /[#&?]secret=([0-9a-zA-Z]{1,32})/.exec(location.hash)?.[1];
  let told = 0;
  const tell = () => {
    const height = Math.ceil(document.body.getBoundingClientRect().height);
    if (!height || height === told) return;
    told = height;
    parent.postMessage({ communique: "height", height }, to);
    if (secret) parent.postMessage({ message: "height", value: height, secret }, to);
  };
  new ResizeObserver(tell).observe(document.body);
  tell();
  if (secret) {
    document.addEventListener("click", (e) => {
      const a = e.target.closest?.("a[href]");
      if (a && a.host === location.host) {
        e.preventDefault();
        parent.postMessage({ message: "link", value: a.href, secret }, to);
      }
    });
  }
})();
