/** Scenes that begin with a booking: what becomes of it, and what its holder does with it. */

import { readFile } from "node:fs/promises";
import { atCalendly, book, booked, chooseTime, chooseTimeAgain, EMAIL, focused, introduce, openTimes, submit, takeBehind } from "./moves.mjs";

const headline = (page, name) => page.getByRole("heading", { name, level: 1 }).waitFor();

const move = (page) => page.getByRole("button", { name: /^Move it to/ });

const headingOf = (page) => page.getByRole("heading", { level: 1 }).innerText();

/** Booked, found again by its address, moved, and canceled; a look at each step, and what had the focus after it. */
export async function wholeLife({ page, options, look }) {
  const findings = [];
  const stations = [];
  const step = async (name) => {
    stations.push(await focused(page));
    findings.push(...(await look(name)));
  };
  await openTimes(page, options);
  await book(page, { nth: 1 });
  await page.getByRole("link", { name: "Join the meeting" }).waitFor();
  await step("booked");
  const address = page.url();
  const calendars = await page.locator(".part ul a").evaluateAll((all) => all.map((link) => [link.innerText, link.host]));
  const file = await downloaded(page);
  const reopened = await openedAnew(page, address);
  await page.getByRole("link", { name: "Choose another time" }).click();
  await headline(page, "Choose another time");
  await page.locator(".slot").first().waitFor();
  await step("move-time");
  await chooseTimeAgain(page, { nth: options.to });
  await step("move-look");
  await move(page).click();
  await booked(page);
  await page.getByRole("link", { name: "Join the meeting" }).waitFor();
  await step("moved");
  const note = await page.locator(".note").innerText();
  const left = await openedAnew(page, address);
  await page.getByRole("button", { name: "Cancel the booking" }).click();
  await step("cancel");
  await page.getByRole("button", { name: "Keep it" }).click();
  stations.push(await focused(page));
  await page.keyboard.press("Enter");
  await page.getByLabel("Reason").fill("I am ill.");
  await page.getByRole("button", { name: "Yes, cancel it" }).click();
  await headline(page, "Your booking is canceled");
  await step("canceled");
  await page.reload();
  await headline(page, "Your booking is canceled");
  return { findings, stations, calendars, file, reopened, note, left, address };
}

async function downloaded(page) {
  const [download] = await Promise.all([page.waitForEvent("download"), page.getByRole("button", { name: "Calendar file" }).click()]);
  return { name: download.suggestedFilename(), text: await readFile(await download.path(), "utf8") };
}

/** The heading that a window without any history shows at this address. */
async function openedAnew(page, address) {
  const other = await page.context().newPage();
  await other.goto(address);
  await other.locator(".ticket").waitFor();
  const shown = await headingOf(other);
  await other.close();
  return shown;
}

/** Nobody knows whether it is booked, until it is found out. */
export async function confirming({ page, options, look }) {
  await openTimes(page, options);
  await book(page, { until: "Your booking is being confirmed" });
  // At once: pictures and axe take seconds, and the booking is confirmed meanwhile.
  const text = await page.locator("main").innerText();
  const findings = await look("confirming");
  await booked(page);
  return { findings, text };
}

/** It never was; the second try of the same is let through. */
export async function failed({ page, options, look }) {
  await openTimes(page, options);
  await book(page, { until: "Nothing was booked" });
  const findings = await look("failed");
  const text = await page.locator("main").innerText();
  await page.reload();
  await page.getByRole("button", { name: "Try the same again" }).click();
  await booked(page);
  return { findings, text };
}

/** Addresses that lead nowhere: with another's token, and with what can be no token. */
export async function dead({ page, options, look }) {
  await openTimes(page, options);
  await book(page, { nth: 2 });
  const address = page.url();
  const shown = [];
  for (const wrong of [`${address.slice(0, -6)}AAAAAA`, `${address}é`, address.slice(0, address.lastIndexOf("/"))]) {
    await page.goto(wrong);
    await headline(page, "This link leads to no booking");
    shown.push(await headingOf(page));
  }
  return { shown, findings: await look("dead") };
}

/** The first answer is lost while the booking still runs: the second try waits for it. */
export async function inFlight({ page, options }) {
  await openTimes(page, options);
  await chooseTime(page, { nth: 3 });
  await introduce(page);
  await page.route(
    "**/api/v1/bookings",
    async (route) => {
      void route.fetch().catch(() => null);
      await page.waitForTimeout(500);
      await route.abort();
    },
    { times: 1 },
  );
  const refusals = [];
  page.on("response", async (response) => response.status() === 409 && refusals.push((await response.json()).code));
  await submit(page);
  await page.getByRole("button", { name: "Ask again" }).click();
  await booked(page);
  return { refusals };
}

/** A seat among others cannot be given up here. */
export async function seat({ page, options, look }) {
  await openTimes(page, options);
  await book(page);
  const hosted = await page.getByRole("link", { name: "cancel it", exact: true }).getAttribute("href");
  await page.getByRole("button", { name: "Cancel the booking" }).click();
  await page.getByRole("button", { name: "Yes, cancel it" }).click();
  const link = page.getByRole("link", { name: "Go on to Calendly" });
  await link.waitFor();
  return { findings: await look("seat"), hosted, led: await link.getAttribute("href") };
}

/** The same person books the same seat twice, which is one booking. */
export async function joined({ page, options, look }) {
  await openTimes(page, options);
  await book(page);
  await openTimes(page, options);
  await book(page);
  return { findings: await look("joined"), text: await page.locator("main").innerText(), address: page.url() };
}

/** While a new time is chosen, somebody else takes it. */
export async function overtaken({ page, options, look }) {
  await openTimes(page, options);
  await book(page, { nth: 4 });
  await page.getByRole("link", { name: "Choose another time" }).click();
  const wanted = await chooseTimeAgain(page, { nth: 6 });
  await takeBehind(options, options.slug, wanted);
  await move(page).click();
  const panel = page.locator(".panel");
  await panel.waitFor();
  const findings = await look("move-taken");
  const taken = await panel.innerText();
  await panel.locator(".slot").first().click();
  await panel.waitFor({ state: "detached" });
  await move(page).click();
  await booked(page);
  return { findings, taken };
}

/** While a new time is chosen, the host cancels. */
export async function goneMeanwhile({ page, options, look }) {
  await openTimes(page, options);
  await book(page, { nth: 4 });
  await page.getByRole("link", { name: "Choose another time" }).click();
  await chooseTimeAgain(page, { nth: 6 });
  await cancelBehind(options);
  await move(page).click();
  const panel = page.locator(".panel");
  await panel.waitFor();
  const [findings, text] = [await look("gone"), await panel.innerText()];
  await panel.getByRole("link", { name: "See how it stands" }).click();
  await headline(page, "Your booking is canceled");
  return { findings, text, stands: await headingOf(page) };
}

async function cancelBehind(options) {
  const answer = await fetch(`${options.simulator}/_simulator/bookings`);
  const { items } = await answer.json();
  const { uri } = items.find(({ invitees }) => invitees[0].email === EMAIL);
  await atCalendly(options, `${new URL(uri).pathname}/cancellation`, {});
}

/** Nobody knows whether the new time is booked; `fault` decides what is found out, and `until` is how that is told. */
export async function moveUnknown({ page, options, look }) {
  await openTimes(page, options);
  await book(page, { nth: 6 });
  await page.getByRole("link", { name: "Choose another time" }).click();
  await chooseTimeAgain(page, { nth: 8 });
  await failNext(options, options.fault);
  await move(page).click();
  await headline(page, "Your booking is being confirmed");
  await headline(page, options.until);
  await page.locator("main").getByText(options.told).waitFor();
  const findings = await look(options.fault);
  const back = page.getByRole("link", { name: "Your booking", exact: true });
  if (await back.isVisible()) await back.click();
  await booked(page);
  return { findings };
}

async function failNext({ simulator }, kind) {
  const fault = { match: { method: "POST", path: "^/invitees" }, fault: { kind, status: 502 } };
  const headers = { "Content-Type": "application/json" };
  await fetch(`${simulator}/_simulator/faults`, { method: "POST", headers, body: JSON.stringify(fault) });
}

/** Calendly does not let the old time go until it is well again. */
export async function halfMoved({ page, options, look }) {
  await openTimes(page, options);
  await book(page, { nth: 5 });
  await page.getByRole("link", { name: "Choose another time" }).click();
  await chooseTimeAgain(page, { nth: 7 });
  await move(page).click();
  await booked(page);
  const note = page.locator(".note");
  const before = await note.innerText();
  const findings = await look("half-moved");
  await page.reload();
  await booked(page);
  const reloaded = await note.innerText();
  await fetch(`${options.simulator}/_simulator/faults`, { method: "DELETE" });
  await page.locator("main").getByText("Your old time is canceled.").waitFor();
  return { findings, before, reloaded };
}
