// Light or dark: as the system says, until the reader says something else.

function setUpTheme(changed) {
  const button = byId("theme");
  const dark = matchMedia("(prefers-color-scheme: dark)");
  const root = document.documentElement;
  const isDark = () => (root.dataset.theme ?? (dark.matches ? "dark" : "light")) === "dark";
  const show = () => {
    button.textContent = isDark() ? "Light" : "Dark";
    button.setAttribute("aria-label", isDark() ? "Show the page light" : "Show the page dark");
    colours.clear();
    changed();
  };
  button.hidden = false;
  button.addEventListener("click", () => {
    root.dataset.theme = isDark() ? "light" : "dark";
    show();
  });
  dark.addEventListener("change", show);
  show();
}

// The pictures are for those who have no script. They are shown all the same on paper, and where the script fails.
function showPictures() {
  for (const picture of document.querySelectorAll("figure > noscript")) {
    picture.nextElementSibling.remove();
    picture.insertAdjacentHTML("afterend", picture.textContent);
    picture.remove();
  }
}
