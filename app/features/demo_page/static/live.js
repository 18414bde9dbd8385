/** What happens to free times while they are shown, as the service tells it. */

const ROOT = "/api/v1";

/** Seconds after which a stream is asked for again that was refused; a browser does not do that by itself. */
const AGAIN = 10;

const EVENTS = ["slot.taken", "slot.freed", "availability.changed", "reset"];

/**
 * Tell `on(name, data, after)` of each event, for as long as `element` is on the page and somebody looks at it. With each
 * new stream one begins anew: nobody tells what has happened before. `after` is what is to be said when times are read
 * from then on, so that no cache on the way answers with what it has kept since before.
 */
export function follow(element, eventTypeId, on) {
  const url = `${ROOT}/event-types/${encodeURIComponent(eventTypeId)}/availability/events`;
  let source = null;
  let again = null;

  function open() {
    if (!element.isConnected) return end();
    source = new EventSource(url);
    source.addEventListener("open", () => on("reset", {}, crypto.randomUUID()), { once: true });
    source.addEventListener("error", () => {
      if (source?.readyState !== EventSource.CLOSED) return;
      close();
      again = setTimeout(open, AGAIN * 1000);
    });
    for (const name of EVENTS) {
      source.addEventListener(name, ({ data, lastEventId }) => element.isConnected && on(name, JSON.parse(data), lastEventId));
    }
  }

  function close() {
    clearTimeout(again);
    source?.close();
    source = null;
  }

  /** A browser opens no more than six connections to a host, for all its windows together: nobody's page keeps one. */
  function look() {
    close();
    if (!document.hidden) open();
  }

  function end() {
    close();
    gone.disconnect();
    document.removeEventListener("visibilitychange", look);
  }

  const gone = new MutationObserver(() => element.isConnected || end());
  gone.observe(document.getElementById("main"), { childList: true });
  document.addEventListener("visibilitychange", look);
  if (!document.hidden) open();
}
