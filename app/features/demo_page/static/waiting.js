/** Asking again, for as long as whoever asked is still on the page. */

/** Seconds, where the answer does not say how long. */
const PAUSE = 2;

/** Seconds between two questions after many. */
const LONGEST = 15;

/** How often a request is repeated that is still being carried out. */
const REPEATED = 12;

export const pause = (seconds) => new Promise((done) => setTimeout(done, seconds * 1000));

/**
 * `ask()` until it gives something, and that; undefined once `element` has left
 * the page. It gives null to be asked again, or a number of seconds to wait.
 */
export async function askUntil(element, ask, wait) {
  for (let asked = 1; ; asked++) {
    await pause(Math.max(wait ?? PAUSE, Math.min(asked, LONGEST)));
    if (!element.isConnected) return undefined;
    const answer = await ask(asked);
    if (!element.isConnected) return undefined;
    if (answer !== null && typeof answer !== "number") return answer;
    wait = answer;
  }
}

/** Do it, and do it again while an earlier try of the same is still under way. */
export async function insist(act, onWait) {
  for (let repeated = 0; ; repeated++) {
    try {
      return await act();
    } catch (problem) {
      if (problem.code !== "booking_in_flight" || repeated === REPEATED) throw problem;
      onWait();
      await pause(problem.retryAfter ?? PAUSE);
    }
  }
}
