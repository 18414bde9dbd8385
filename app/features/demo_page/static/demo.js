/** The page: which step is shown for which address, and the first step. */

import { go, keyFrom, meetingAt, partsOf } from "./addresses.js";
import { listEventTypes, Problem } from "./api.js";
import { arriveAt, showBooking, showJoined } from "./booking.js";
import { duration } from "./dates.js";
import { showDetails } from "./details.js";
import { button, h, loading, outward, panel, say, showStep, tinted } from "./dom.js";
import { showMove } from "./moving.js";
import { placeOf } from "./summary.js";
import { chosenZone, showTimes } from "./times.js";

/** Why a meeting is booked elsewhere, by the API's reason. */
const REASONS = { paid: "Paid when booking", poll: "A poll among dates" };

let eventTypes = null;

const find = (name) => eventTypes.find((each) => [each.slug, each.id].includes(name));

/**
 * Addresses: `#/` list, `#/<meeting>` times, `#/<meeting>/<start>` form; `#/bookings/<id>/<token>` a booking,
 * `…/move` other times for it, `…/move/<start>` the last look. `#/booked` is one that only the history knows.
 */
async function route() {
  const parts = partsOf(location.hash);
  if (parts[0] === "bookings") return routeBooking(parts.slice(1));
  if (parts[0] === "booked" && history.state?.booking) return showJoined(history.state.booking);
  if (!(await haveEventTypes())) return;
  const [name, start] = parts;
  const eventType = find(name);
  if (!name || name === "booked") showList();
  else if (!eventType) showMissing();
  else if (!start) showTimes(eventType, (slot) => go(meetingAt(eventType, slot)));
  else if (Number.isNaN(Date.parse(start))) showMissing();
  else showForm(eventType, start);
}

async function routeBooking([id, token, step, start]) {
  const key = keyFrom(id, token);
  if (!key || step !== "move") return showBooking(key);
  if (start && Number.isNaN(Date.parse(start))) return showMissing();
  if (await haveEventTypes()) showMove(key, start, find);
}

function showForm(eventType, start) {
  showDetails({
    eventType,
    start,
    zone: chosenZone(),
    onMoved: (slot) => history.replaceState(null, "", meetingAt(eventType, slot)),
    // In place of the form: a step back must not lead to booking it again.
    onBooked: arriveAt,
  });
}

async function haveEventTypes() {
  if (eventTypes) return true;
  showStep(0, "What would you like to book?", loading("Loading …"));
  say("Loading");
  try {
    eventTypes = await listEventTypes();
    return true;
  } catch (problem) {
    if (!(problem instanceof Problem)) throw problem;
    showStep(0, "This did not work", panel(problem.heading, problem.text, button("Try again", route, "strong")));
    say(problem.heading);
    return false;
  }
}

function showMissing() {
  const text = "This meeting is not offered, or the link is wrong.";
  showStep(0, "Not found", h("p", {}, text), h("a", { href: "#/", class: "strong" }, "All meetings"));
}

function showList() {
  const cards = eventTypes.map((eventType) => h("li", {}, card(eventType)));
  const none = !cards.length && h("p", {}, "Nothing can be booked at the moment.");
  showStep(1, "What would you like to book?", h("ul", { class: "cards" }, cards), none);
  say(`${cards.length} meetings`);
}

function card(eventType) {
  const { name, description, durationMinutes, host, color, bookable, hostedUrl, notBookableReason } = eventType;
  const facts = [`${duration(durationMinutes)} with ${host.name}`, placeOf(eventType)].map((fact) => h("li", {}, fact));
  const why = REASONS[notBookableReason] ?? "Not bookable here";
  const content = [
    h("h2", {}, bookable ? h("a", { href: meetingAt(eventType) }, name) : outward(name, hostedUrl)),
    description && h("p", {}, description),
    bookable ? h("ul", { class: "facts" }, facts) : h("p", { class: "elsewhere" }, `${why}: opens Calendly’s page`),
  ];
  return tinted(h("article", { class: "card" }, content), color);
}

// A history step within the page fires popstate; so does a link, and a typed address.
addEventListener("popstate", route);
document.querySelector(".skip").addEventListener("click", (event) => {
  // Its address would be taken for a meeting's.
  event.preventDefault();
  document.getElementById("main").focus();
});
route();
