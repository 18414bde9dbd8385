/** The second step: a day and a time, in the visitor's zone. */

import { getAvailability } from "./api.js";
import { calendar } from "./calendar.js";
import { addMonths, dayName, lastDay, monthName, ownZone, time, timeAndZone, today, zoneLabel, zonesWith } from "./dates.js";
import { button, h, loading, outward, panel, say, showStep } from "./dom.js";
import { follow } from "./live.js";
import { summaryOf } from "./summary.js";

let zone = ownZone();

export const chosenZone = () => zone;

/** Where the visitor was, to come back to from the form. */
const places = new Map();

const NEW = { step: 2, title: "Choose a day and a time", back: ["All meetings", "#/"] };

/** How many empty months are leafed over before the visitor is asked. */
const LEAFED = 2;

/** Seconds, at most, until times are read again that are said to have changed: not all who hear it ask at once. */
const SPREAD = 1;

/** Seconds, at most, after which it is tried again where that failed. Then a booking is checked all the same. */
const AGAIN = [2, 4, 8, 16, 32, 64];

/** `frame`: the step's number, title and where it leads back, where it is not the booking of something new. */
export function showTimes(eventType, onTime, frame = NEW) {
  const place = places.get(eventType.id) ?? { month: today(zone).slice(0, 7), day: null };
  places.set(eventType.id, place);
  let days = new Map();
  let asked = 0;
  let rereading = null;
  let failures = 0;
  let after = {};

  const times = h("section", { class: "times", "aria-labelledby": "day" });
  const month = calendar({ zone: () => zone, onMonth: (wanted) => load(wanted), onDay: (date) => choose(date, true) });
  const note = h("p", { class: "note", hidden: true });
  /** For those who see; `say` tells the others. */
  const latest = h("p", { class: "latest", "aria-hidden": "true", hidden: true });
  showStep(
    frame.step,
    frame.title,
    h("a", { href: frame.back[1], class: "back" }, frame.back[0]),
    frame.note && h("p", { class: "lead" }, frame.note),
    h(
      "div",
      { class: "columns" },
      summaryOf(eventType),
      h("div", { class: "picker" }, note, month.element, times, zonePart(() => load(place.month))),
    ),
  );
  load(place.month, place.day ? 0 : LEAFED);
  follow(times, eventType.id, (name, { start, dates }, heard) => {
    after = { after: heard };
    if (name === "slot.taken") takeAway(start);
    else if (!dates || dates.some((date) => date.startsWith(place.month))) readAgain();
  });

  /** Only the latest question's answer is shown: earlier ones may come later. */
  async function load(wanted, leafing = 0) {
    const turn = ++asked;
    latest.hidden = true;
    place.month = wanted;
    month.show(wanted, null);
    times.replaceChildren(loading("Looking for free times …"));
    say(`Looking for free times in ${monthName(wanted)}`);
    try {
      const answer = await read(wanted);
      if (turn === asked) arrive(answer, leafing);
    } catch (problem) {
      if (turn === asked) fail(problem);
    }
  }

  function read(wanted) {
    const from = [`${wanted}-01`, today(zone)].sort()[1];
    return getAvailability(eventType.id, { from, to: lastDay(wanted), timeZone: zone, ...after });
  }

  function readAgain() {
    if (failures) {
      // What waits for long is done at once.
      clearTimeout(rereading);
      [rereading, failures] = [null, 0];
    }
    rereading ??= setTimeout(reread, Math.random() * SPREAD * 1000);
  }

  /** What is shown stays until more is known: nobody has asked for it. */
  async function reread() {
    rereading = null;
    const turn = asked;
    try {
      const answer = times.isConnected && (await read(place.month));
      if (answer && turn === asked) renew(answer);
      failures = 0;
    } catch {
      if (rereading || failures === AGAIN.length) return;
      rereading = setTimeout(reread, AGAIN[failures++] * (1 + Math.random()) * 500);
    }
  }

  /** A time that somebody else has just booked. */
  function takeAway(start) {
    const instant = Date.parse(start);
    const all = [...days].map(([date, slots]) => ({ date, slots: slots.filter((slot) => Date.parse(slot.start) !== instant) }));
    const taken = [...days.values()].flat().find((slot) => Date.parse(slot.start) === instant);
    if (!taken) return;
    keepingFocus(() => draw(all));
    latest.textContent = `${time(taken.start, zone)} on ${dayName(taken.start.slice(0, 10))} has just been taken`;
    latest.hidden = false;
    say(latest.textContent);
  }

  function renew({ days: all, state, asOf }) {
    tellAge(state, asOf);
    // Nothing is drawn anew under the visitor's finger without need.
    if (JSON.stringify([...datesOf(all)]) !== JSON.stringify([...days])) keepingFocus(() => draw(all));
  }

  /** The same day again, if it has times left. */
  function draw(all) {
    days = datesOf(all);
    if (days.has(place.day)) show(place.day);
    else if (days.size) show(days.keys().next().value);
    else showNone();
  }

  /** What had it is drawn anew; where that is gone, the heading of the day has it. */
  function keepingFocus(act) {
    const { start, date } = times.parentElement.contains(document.activeElement) ? document.activeElement.dataset : {};
    act();
    const again = [...times.parentElement.querySelectorAll("button")].find((each) => (start && each.dataset.start === start) || (date && each.dataset.date === date));
    if (start || date) (again ?? document.getElementById("day")).focus({ preventScroll: true });
  }

  function arrive({ days: all, state, asOf }, leafing) {
    days = datesOf(all);
    if (!days.size && leafing) return load(addMonths(place.month, 1), leafing - 1);
    tellAge(state, asOf);
    if (days.size) return choose(days.has(place.day) ? place.day : days.keys().next().value, false);
    say(showNone());
  }

  const datesOf = (all) => new Map(all.filter((day) => day.slots.length).map((day) => [day.date, day.slots]));

  function tellAge(state, asOf) {
    note.hidden = state !== "stale";
    note.textContent = `Calendly does not answer at the moment. These times are from ${time(asOf, zone)} and are checked again when you book.`;
  }

  function showNone() {
    month.show(place.month, new Set());
    const text = `There are no free times in ${monthName(place.month)}.`;
    const on = button(`Look in ${monthName(addMonths(place.month, 1))}`, () => load(addMonths(place.month, 1)));
    times.replaceChildren(h("h2", { id: "day", tabindex: "-1" }, text), on);
    return text;
  }

  function fail(problem) {
    month.show(place.month, new Set());
    times.replaceChildren(
      panel(
        problem.heading,
        `${problem.text} So we cannot say which times are free.`,
        button("Try again", () => load(place.month), "strong"),
        outward("Book on Calendly’s page", eventType.hostedUrl, "quiet"),
      ),
    );
    times.querySelector("h2").id = "day";
    say(`${problem.heading}. The free times could not be read.`);
  }

  function choose(date, move) {
    const slots = days.get(date);
    latest.hidden = true;
    const heading = show(date);
    say(`${slots.length} free ${slots.length === 1 ? "time" : "times"} on ${dayName(date)}`);
    if (move) heading.focus();
  }

  function show(date) {
    place.day = date;
    month.show(place.month, new Set(days.keys()), date);
    const heading = h("h2", { id: "day", tabindex: "-1" }, dayName(date));
    times.replaceChildren(heading, latest, ...partsOf(days.get(date), eventType, onTime));
    return heading;
  }
}

/** Parts of the day, by the hour at which each ends. */
const PARTS = [
  ["Morning", 12],
  ["Afternoon", 17],
  ["Evening", 24],
];

function partsOf(slots, eventType, onTime) {
  const labels = labelsOf(slots);
  const rows = slots.map((slot, index) => ({ slot, label: labels[index], hour: Number(slot.start.slice(11, 13)) }));
  return PARTS.flatMap(([name, end], index) => {
    const begin = index ? PARTS[index - 1][1] : 0;
    const own = rows.filter(({ hour }) => hour >= begin && hour < end);
    if (!own.length) return [];
    const items = own.map(({ slot, label }) => h("li", {}, slotButton(slot, label, eventType, onTime)));
    return [h("h3", {}, name), h("ul", { class: "slots" }, items)];
  });
}

function slotButton(slot, label, eventType, onTime) {
  const left = eventType.kind === "group" && `${slot.spotsLeft} ${slot.spotsLeft === 1 ? "place" : "places"} left`;
  const control = button(label, () => onTime(slot.start), "slot");
  control.dataset.start = slot.start;
  if (left) control.append(h("small", {}, left));
  return control;
}

/** When the clocks go back an hour comes twice: then the zone's name tells them apart. */
function labelsOf(slots) {
  const plain = slots.map((slot) => time(slot.start, zone));
  return plain.map((label, index) =>
    plain.filter((other) => other === label).length > 1 ? timeAndZone(slots[index].start, zone) : label,
  );
}

function zonePart(onChange) {
  const groups = [...zonesWith(zone)].map(([name, zones]) =>
    h(
      "optgroup",
      { label: name },
      zones
        .sort((one, other) => zoneLabel(one).localeCompare(zoneLabel(other)))
        .map((each) => h("option", { value: each, selected: each === zone }, zoneLabel(each))),
    ),
  );
  const select = h("select", { id: "zone" }, groups);
  select.addEventListener("change", () => {
    zone = select.value;
    onChange();
  });
  return h("div", { class: "zone" }, h("label", { for: "zone" }, "Your time zone"), select);
}
