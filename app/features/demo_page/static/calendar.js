/** A month as a table: its free days are buttons, which the arrow keys walk too. */

import { addMonths, dayName, monthName, today, weekdays, weeksOf } from "./dates.js";
import { button, h } from "./dom.js";

/** How far ahead one can leaf. */
const MONTHS_AHEAD = 12;

/** `onMonth(month)` and `onDay(date)` are told what was asked for. `show` draws what is known. */
export function calendar({ zone, onMonth, onDay }) {
  let month;
  const earlier = leaf("Earlier month", "‹", () => onMonth(addMonths(month, -1)));
  const later = leaf("Later month", "›", () => onMonth(addMonths(month, 1)));
  const title = h("h2", { id: "month" });
  const body = h("tbody");
  const table = h(
    "table",
    { "aria-labelledby": "month" },
    h(
      "thead",
      {},
      h(
        "tr",
        {},
        weekdays().map(([short, long]) =>
          h("th", { scope: "col" }, h("span", { "aria-hidden": "true" }, short), h("span", { class: "unseen" }, long)),
        ),
      ),
    ),
    body,
  );
  table.addEventListener("keydown", walk);
  const element = h(
    "section",
    { class: "calendar", "aria-labelledby": "month" },
    h("div", { class: "leaf" }, earlier, title, later),
    table,
  );

  function cell(date, free, selected) {
    if (!date) return h("td");
    const number = String(Number(date.slice(-2)));
    const current = date === today(zone()) ? "date" : null;
    if (!free.has(date)) return h("td", {}, h("span", { class: "day", "aria-current": current }, number));
    const day = button(number, () => onDay(date), "day free");
    day.setAttribute("aria-label", dayName(date));
    day.setAttribute("aria-pressed", String(date === selected));
    day.dataset.date = date;
    if (current) day.setAttribute("aria-current", current);
    return h("td", {}, day);
  }

  /** `free` are the dates that have a free time; null while that is not known. */
  function show(shownMonth, free, selected) {
    month = shownMonth;
    title.textContent = monthName(month);
    const first = today(zone()).slice(0, 7);
    block(earlier, month <= first);
    block(later, month >= addMonths(first, MONTHS_AHEAD));
    element.setAttribute("aria-busy", String(!free));
    // Weeks gone by would only push the times down on a small screen.
    const weeks = weeksOf(month).filter((week) => week.findLast(Boolean) >= today(zone()));
    const rows = weeks.map((week) => h("tr", {}, week.map((date) => cell(date, free ?? new Set(), selected))));
    body.replaceChildren(...rows);
  }

  return { element, show };
}

function leaf(label, sign, click) {
  const control = button(sign, () => control.getAttribute("aria-disabled") === "true" || click(), "round");
  control.setAttribute("aria-label", label);
  return control;
}

/** Not `disabled`: that would take the focus from a visitor who leafs to the end. */
const block = (control, blocked) => control.setAttribute("aria-disabled", String(blocked));

const STEPS = { ArrowLeft: -1, ArrowRight: 1, ArrowUp: -7, ArrowDown: 7 };

function walk(event) {
  const distance = STEPS[event.key];
  const from = event.target.dataset?.date;
  if (!distance || !from) return;
  event.preventDefault();
  const wanted = Number(from.slice(-2)) + distance;
  const days = [...event.currentTarget.querySelectorAll("button")].filter((day) =>
    distance > 0 ? day.dataset.date > from : day.dataset.date < from,
  );
  const gap = (day) => Math.abs(Number(day.dataset.date.slice(-2)) - wanted);
  days.sort((one, other) => gap(one) - gap(other))[0]?.focus();
}
