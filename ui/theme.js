// Before the first paint: light and language, so that nothing flashes or turns around. Words are asked for beside the program.
(() => {
  const root = document.documentElement;
  const kept = (name) => {
    try {
      return localStorage.getItem(name) ?? "";
    } catch {
      return "";
    }
  };
  const theme = kept("soko-theme");
  if (theme === "light" || theme === "dark") root.dataset.theme = theme;
  const wanted = [kept("soko-language"), ...navigator.languages];
  const words = (tag) => document.querySelector(`meta[name="soko-words-${tag.split("-")[0].toLowerCase()}"]`);
  const found = wanted.filter((tag) => /^[a-z]{2,3}(-|$)/i.test(tag)).map(words).find((it) => it) ?? words("en");
  root.lang = found.name.split("-").pop();
  if (root.lang === "ar") root.dir = "rtl";
  const early = { rel: "preload", as: "fetch", crossOrigin: "anonymous", href: found.content };
  document.head.append(Object.assign(document.createElement("link"), early));
  // Who chose a language installs the app in it.
  const installs = document.querySelector("link[rel=manifest]");
  const speak = () => {
    if (kept("soko-language")) installs.href = `/manifest.webmanifest?lang=${root.lang}`;
  };
  speak();
  new MutationObserver(speak).observe(root, { attributeFilter: ["lang"] });
})();
