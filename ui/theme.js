// Before the first paint: the light and the language that this person chose, so that nothing flashes or turns around.
// The words of that language are asked for now, beside the program that speaks them.
(() => {
  const root = document.documentElement;
  const wanted = [...navigator.languages];
  try {
    const theme = localStorage.getItem("soko-theme");
    if (theme === "light" || theme === "dark") root.dataset.theme = theme;
    wanted.unshift(localStorage.getItem("soko-language") ?? "");
  } catch {
    // A browser that keeps nothing shows the page as the system wants it.
  }
  const words = (tag) => document.querySelector(`meta[name="soko-words-${tag.split("-")[0].toLowerCase()}"]`);
  const found = wanted.filter((tag) => /^[a-z]{2,3}(-|$)/i.test(tag)).map(words).find((it) => it) ?? words("en");
  root.lang = found.name.split("-").pop();
  if (root.lang === "ar") root.dir = "rtl";
  const early = { rel: "preload", as: "fetch", crossOrigin: "anonymous", href: found.content };
  document.head.append(Object.assign(document.createElement("link"), early));
})();
