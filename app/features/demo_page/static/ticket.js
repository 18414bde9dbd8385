/** A booking's particulars, and the ways into a visitor's own calendar. */

import { calendarFile } from "./api.js";
import { dayOf, knownZone, time } from "./dates.js";
import { button, h, outward, say } from "./dom.js";
import { row, when } from "./summary.js";

/** What it takes to manage it; there is none where somebody else has booked it. */
export const keyOf = ({ id, manage }) => manage && { id, token: manage.token };

export const othersLink = () => h("a", { href: "#/", class: "quiet" }, "Book something else");

/** In the zone in which it was booked. */
export function sentence({ name, host, start, timeZone }) {
  const zone = knownZone(timeZone);
  const what = [name || "Your meeting", host.name && `with ${host.name}`].filter(Boolean).join(" ");
  return `${what} on ${dayOf(start, zone)} at ${time(start, zone)}`;
}

/** `element` to show; `place(location)` when more is known of where it takes place. */
export function ticketOf({ start, end, timeZone, invitee, guests, answers, location, status }) {
  const where = h("div");
  const element = h(
    "dl",
    { class: "ticket" },
    when(start, end, knownZone(timeZone)),
    where,
    row("Who", invitee.name, invitee.email, ...guests),
    answers.map((answer) => row(answer.label, answer.value)),
  );

  function place(known) {
    where.hidden = !known;
    if (known) where.replaceChildren(...row("Where", known.label, known.detail, joining(known, status)).children);
  }

  place(location);
  return { element, place };
}

function joining({ joinUrl, status }, standing) {
  if (standing !== "confirmed") return null;
  if (joinUrl) return outward("Join the meeting", joinUrl, "join");
  if (status === "pending") return "The link will follow.";
  return status === "failed" ? "The link could not be made; your host will send one." : null;
}

const CALENDARS = [
  ["google", "Google Calendar"],
  ["outlook", "Outlook"],
  ["office365", "Office 365"],
  ["yahoo", "Yahoo"],
];

/** `key` is null where the booking is not ours to manage: then there are links, but no file. */
export function calendarPart({ calendarLinks: links }, key) {
  const items = CALENDARS.filter(([id]) => links?.[id]).map(([id, label]) => outward(label, links[id], "quiet"));
  if (key) items.push(fileButton("Calendar file", key));
  if (!items.length) return null;
  return h(
    "section",
    { class: "part", "aria-labelledby": "calendars" },
    h("h2", { id: "calendars" }, "Add it to your calendar"),
    h("ul", { class: "ways" }, items.map((item) => h("li", {}, item))),
  );
}

/** The file needs the token, which a plain link could not bring along. */
export function fileButton(label, key) {
  const fault = h("p", { class: "fault", hidden: true });
  const control = button(label, async () => {
    fault.hidden = true;
    try {
      save(await calendarFile(key), "booking.ics");
      say("The calendar file is downloaded");
    } catch (problem) {
      fault.textContent = `${problem.heading}. ${problem.text}`;
      fault.hidden = false;
      say(fault.textContent);
    }
  });
  return h("span", {}, control, fault);
}

/** Seconds for the browser to take what it was given. */
const TAKEN = 60;

function save(blob, name) {
  const href = URL.createObjectURL(blob);
  h("a", { href, download: name }).click();
  setTimeout(() => URL.revokeObjectURL(href), TAKEN * 1000);
}
