/** What is being booked, beside each step; and where a meeting takes place, in words. */

import { dayOf, duration, ending, time, zoneLabel } from "./dates.js";
import { h, tinted } from "./dom.js";

export function placeOf({ location: { mode, options } }) {
  if (mode === "none") return "Place follows";
  const offered = options.filter((option) => option.bookable);
  return offered.length === 1 ? offered[0].label : `${offered.length} places to choose from`;
}

export const row = (term, ...details) => h("div", {}, h("dt", {}, term), details.map((detail) => detail && h("dd", {}, detail)));

/** Day, and from when until when, in the visitor's zone. */
export const when = (start, end, zone, term = "When") =>
  row(term, dayOf(start, zone), `${time(start, zone)} to ${time(end, zone)}`, `${zoneLabel(zone)} time`);

export function summaryOf(eventType, start, zone) {
  const { name, description, durationMinutes, host, color } = eventType;
  const aside = h(
    "aside",
    { class: "summary", "aria-label": "Your choice" },
    h("h2", {}, name),
    description && !start && h("p", {}, description),
    h(
      "dl",
      {},
      start && when(start, ending(start, durationMinutes), zone),
      row("Lasts", duration(durationMinutes)),
      row("With", host.name),
      row("Where", placeOf(eventType)),
    ),
  );
  return tinted(aside, color);
}
