// Before the first paint: the light and the language that this person chose, so that nothing flashes or turns around.
(() => {
  const root = document.documentElement;
  try {
    const theme = localStorage.getItem("soko-theme");
    if (theme === "light" || theme === "dark") root.dataset.theme = theme;
    const language = localStorage.getItem("soko-language") ?? navigator.language.split("-")[0];
    if (["en", "sw", "fr", "ar"].includes(language)) root.lang = language;
    if (root.lang === "ar") root.dir = "rtl";
  } catch {
    // A browser that keeps nothing shows the page as the system wants it.
  }
})();
