/** The page: which step is shown for which address, the first step and the last. */

import { listEventTypes, Problem } from "./api.js";
import { dayOf, duration, time } from "./dates.js";
import { showDetails } from "./details.js";
import { button, h, loading, outward, panel, say, showStep, tinted } from "./dom.js";
import { placeOf, row, when } from "./summary.js";
import { chosenZone, showTimes } from "./times.js";

/** Why a meeting is booked elsewhere, by the API's reason. */
const REASONS = { paid: "Paid when booking", poll: "A poll among dates" };

let eventTypes = null;

const reference = (eventType) => encodeURIComponent(eventType.slug ?? eventType.id);

/** Addresses: `#/` list, `#/<meeting>` times, `#/<meeting>/<start>` form, `#/booked` with the booking in the history. */
async function route() {
  if (location.hash === "#/booked" && history.state?.booking) return showBooked(history.state);
  if (!(await haveEventTypes())) return;
  const [id, start] = location.hash.replace(/^#\/?/, "").split("/").map(decoded);
  const eventType = eventTypes.find((each) => [each.slug, each.id].includes(id));
  if (!id || id === "booked") showList();
  else if (!eventType) showMissing();
  else if (!start) showTimes(eventType, (slot) => go(`#/${reference(eventType)}/${encodeURIComponent(slot)}`));
  else if (Number.isNaN(Date.parse(start))) showMissing();
  else showForm(eventType, start);
}

/** What is no proper escape names nothing, and is left as it is. */
function decoded(text) {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}

function go(hash) {
  history.pushState(null, "", hash);
  route();
}

function showForm(eventType, start) {
  const address = (slot) => `#/${reference(eventType)}/${encodeURIComponent(slot)}`;
  showDetails({
    eventType,
    start,
    zone: chosenZone(),
    onMoved: (slot) => history.replaceState(null, "", address(slot)),
    onBooked: (booking) => {
      // In place of the form: a step back must not lead to booking it again.
      history.replaceState({ booking, zone: chosenZone() }, "", "#/booked");
      route();
    },
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
    h("h2", {}, bookable ? h("a", { href: `#/${reference(eventType)}` }, name) : outward(name, hostedUrl)),
    description && h("p", {}, description),
    bookable ? h("ul", { class: "facts" }, facts) : h("p", { class: "elsewhere" }, `${why}: opens Calendly’s page`),
  ];
  return tinted(h("article", { class: "card" }, content), color);
}

const TITLES = { confirmed: "You are booked", confirming: "Your booking is being confirmed" };

function showBooked({ booking, zone }) {
  const { name, start, end, host, invitee, guests, answers, location: place, hosted } = booking;
  const title = TITLES[booking.status] ?? "Your booking";
  showStep(
    4,
    title,
    h("p", { class: "lead" }, `${name} with ${host.name} on ${dayOf(start, zone)} at ${time(start, zone)}.`),
    h(
      "dl",
      { class: "ticket" },
      when(start, end, zone),
      place && row("Where", place.label, place.detail, joining(place)),
      row("Who", invitee.name, invitee.email, ...guests),
      answers.map((answer) => row(answer.label, answer.value)),
    ),
    h(
      "div",
      { class: "ways" },
      hosted.rescheduleUrl && outward("Choose another time", hosted.rescheduleUrl, "quiet"),
      hosted.cancelUrl && outward("Cancel it", hosted.cancelUrl, "quiet"),
      h("a", { href: "#/", class: "quiet" }, "Book something else"),
    ),
  );
  say(title);
}

function joining({ joinUrl, status }) {
  if (joinUrl) return outward("Join the meeting", joinUrl, "join");
  if (status === "pending") return "The link will follow in your invitation.";
  return status === "failed" ? "The link could not be made; your host will send one." : null;
}

// A history step within the page fires popstate; so does a link, and a typed address.
addEventListener("popstate", route);
document.querySelector(".skip").addEventListener("click", (event) => {
  // Its address would be taken for a meeting's.
  event.preventDefault();
  document.getElementById("main").focus();
});
route();
