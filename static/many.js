// Counts what is ticked in the list, and ticks a whole page without a reload. Without it the link does the same.

const bar = document.getElementById("many");
const boxes = [...document.querySelectorAll('input[name="pick"]')];

if (bar && boxes.length) {
  const said = bar.querySelector("[data-app-ticked]");
  const all = bar.querySelector("[data-app-tick-all]");
  const tick = all.textContent;
  const allTicked = () => boxes.every((box) => box.checked);

  const tell = () => {
    const number = boxes.filter((box) => box.checked).length;
    const words = number === 0 ? said.dataset.none : number === 1 ? said.dataset.one : said.dataset.many;
    said.textContent = words.replace("{n}", number);
    all.textContent = allTicked() ? all.dataset.untick : tick;
  };

  all.setAttribute("role", "button");
  all.addEventListener("click", (event) => {
    event.preventDefault();
    const on = !allTicked();
    boxes.forEach((box) => { box.checked = on; });
    tell();
  });
  all.addEventListener("keydown", (event) => {
    if (event.key === " ") {
      event.preventDefault();
      all.click();
    }
  });
  boxes.forEach((box) => box.addEventListener("change", tell));
  tell();
}
