/** A problem as a box: what happened, and the ways on. */

import { shortly } from "./dates.js";
import { button, h, outward, panel } from "./dom.js";

/** After these nobody knows yet what became of the request; to repeat it does no harm. */
const UNSETTLED = new Set(["unreachable", "booking_in_flight", "internal"]);

/** After these, Calendly's own page could only do the same a second time, or nothing at all. */
const NO_HOSTED = new Set([...UNSETTLED, "booking_not_changeable"]);

/** The very same request would be refused again. */
const FINAL = new Set(["slot_taken", "use_hosted_page", "booking_not_changeable", "not_found"]);

export const isFinal = (problem) => FINAL.has(problem.code);

export const isUnsettled = (problem) => UNSETTLED.has(problem.code);

/**
 * `text` instead of the problem's own; `ways` of the caller's. `hosted` is a label and an address
 * on Calendly, for where the problem names none; null where that page is no way on. For a time that is taken: `choose(start)` for
 * another one in `zone`, and `all`, the address of all that are free.
 */
export function troubleBox(problem, { text, ways = [], hosted = [], zone, choose, all }) {
  const { heading, code } = problem;
  const [label, url] = hosted ?? [];
  const hostedUrl = hosted === null || NO_HOSTED.has(code) ? null : (problem.hostedUrl ?? url);
  const told = text ? `${text} ${problem.later}`.trim() : problem.text;
  if (code === "slot_taken") return takenBox(problem, { told, zone, choose, all });
  const only = code === "use_hosted_page";
  const link = hostedUrl && outward(only ? "Go on to Calendly" : label, hostedUrl, only ? "strong" : "quiet");
  return panel(heading, told, ...(only ? [] : ways), link);
}

function takenBox({ heading, alternatives = [] }, { told, zone, choose, all }) {
  // Nearest first, they come; a list of times is read by the clock.
  const inOrder = alternatives.toSorted((one, other) => Date.parse(one.start) - Date.parse(other.start));
  const others = inOrder.map(({ start }) => h("li", {}, button(shortly(start, zone), () => choose(start), "slot")));
  const link = h("a", { href: all, class: others.length ? "quiet" : "strong" }, "See all free times");
  return panel(heading, told, others.length > 0 && h("ul", { class: "slots wide" }, others), link);
}
