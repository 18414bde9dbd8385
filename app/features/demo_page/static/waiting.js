/** Asking again, for as long as whoever asked is still on the page. */

/** Seconds, where the answer does not say how long. */
const PAUSE = 2;

/** Seconds between two questions after many. */
const LONGEST = 15;

/** Seconds for which a request is repeated that is not settled yet, in the waits that its answers ask for. */
const PATIENCE = 120;

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
  for (let left = PATIENCE; ; ) {
    try {
      return await act();
    } catch (problem) {
      const wait = problem.retryAfter ?? PAUSE;
      left -= wait;
      if (problem.code !== "booking_in_flight" || left < 0) throw problem;
      onWait();
      await pause(wait);
    }
  }
}
