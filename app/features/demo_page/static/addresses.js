/** Addresses within the page. They stand behind the `#`, which browsers send to no server. */

/** What a meeting cannot be called here: such a one goes by its id. */
const OWN = new Set(["bookings", "booked"]);

const at = (...parts) => `#/${parts.map(encodeURIComponent).join("/")}`;

export const meetingAt = ({ slug, id }, ...start) => at(slug && !OWN.has(slug) ? slug : id, ...start);

/** `key` is a booking's id and manage token: whoever has the address can manage the booking. */
export const bookingAt = ({ id, token }, ...more) => at("bookings", id, token, ...more);

export const partsOf = (hash) => hash.replace(/^#\/?/, "").split("/").map(decoded);

/** What is no proper escape names nothing, and is left as it is. */
function decoded(text) {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}

const WORD = /^[\w-]+$/;

/** Of an address that begins with `bookings`: null where it cannot be one of ours. */
export const keyFrom = (id, token) => (WORD.test(id ?? "") && WORD.test(token ?? "") ? { id, token } : null);

/** Told to whoever draws the steps, as a link that is followed would be. */
export function go(hash, state = null) {
  history.pushState(state, "", hash);
  dispatchEvent(new PopStateEvent("popstate", { state }));
}

/** Likewise, in place of the step that is shown: a step back must not lead there again. */
export function goInstead(hash, state = null) {
  history.replaceState(state, "", hash);
  dispatchEvent(new PopStateEvent("popstate", { state }));
}
