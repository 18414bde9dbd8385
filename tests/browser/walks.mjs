/** Scenes that end with a booking. */

import { booked, bookButton, chooseTime, EMAIL, focused, formOf, introduce, openTimes, submit } from "./moves.mjs";

/** From the list to the confirmation with the mouse, a look at each step. */
export async function byMouse({ page, options, look }) {
  const findings = [];
  const step = async (name) => findings.push(...(await look(name)));
  await page.goto(`${options.service}/`);
  await page.getByRole("link", { name: "Visit" }).waitFor();
  await step("meeting");
  await page.getByRole("link", { name: "Visit" }).click();
  await page.locator(".slot").first().waitFor();
  await step("time");
  await chooseTime(page);
  await page.getByLabel("A place of your choice").check();
  await page.getByLabel("Where shall we meet?").fill("Example Park, by the gate");
  await step("details");
  await introduce(page);
  await submit(page);
  await booked(page);
  await step("booked");
  return { findings, ticket: await page.locator(".ticket").innerText() };
}

/** The same by keyboard alone; `stations` is what had the focus after each step. */
export async function byKeyboard({ page, options }) {
  const stations = [];
  await page.goto(`${options.service}/`);
  await page.getByRole("link", { name: "Visit" }).waitFor();
  await tabTo(page, "Visit");
  await page.keyboard.press("Enter");
  await page.locator(".slot").first().waitFor();
  stations.push(await focused(page));
  await tabTo(page, "Later month");
  await page.keyboard.press("Enter");
  await page.locator(".calendar[aria-busy=false] .day.free").nth(2).waitFor();
  const days = await page.locator(".day.free").evaluateAll((all) => all.map((day) => day.ariaLabel));
  await tabTo(page, days[0]);
  await page.keyboard.press("ArrowRight");
  await page.keyboard.press("Enter");
  stations.push((await focused(page)) === days[1] ? "the heading of the day" : await focused(page));
  await tabTo(page, /^\d+:\d\d$/);
  await page.keyboard.press("Enter");
  await formOf(page).waitFor();
  stations.push(await focused(page));
  await tabTo(page, "Name");
  await page.keyboard.type("Grace Example");
  await tabTo(page, "Email");
  await page.keyboard.type(EMAIL);
  await page.keyboard.press("Tab");
  await page.keyboard.press("Space");
  stations.push(await focused(page));
  await page.keyboard.press("ArrowUp");
  await tabTo(page, "Where shall we meet?");
  await page.keyboard.type("Example Park");
  await tabTo(page, /^Book for/);
  await page.keyboard.press("Enter");
  await booked(page);
  stations.push(await focused(page));
  return { stations };
}

/** Tab on until what has the focus is called so. */
async function tabTo(page, name, limit = 60) {
  for (let presses = 0; presses < limit; presses++) {
    await page.keyboard.press("Tab");
    const now = await focused(page);
    if (name instanceof RegExp ? name.test(now) : now === name) return;
  }
  throw new Error(`the keyboard does not reach ${name}`);
}

export async function byPhone({ page, options }) {
  await openTimes(page, options);
  await chooseTime(page, { nth: 1 });
  await introduce(page);
  await page.getByLabel("Your phone number").fill("030 23125012");
  await page.getByLabel("Country of this number").first().selectOption("Germany");
  await submit(page);
  await booked(page);
  return {};
}

export async function everyQuestion({ page, options, look }) {
  await openTimes(page, options);
  await chooseTime(page, { nth: 2 });
  await introduce(page);
  const group = (name) => page.getByRole("group", { name }).or(page.getByRole("radiogroup", { name }));
  await page.getByLabel("Which company are you with?").fill("Example Ltd");
  await page.getByLabel("What would you like to talk about?").fill("One line\nand another");
  await page.getByLabel("On which number do we reach you?").fill("+49 30 23125012");
  await group("How large is your team?").getByLabel("2 to 10").check();
  await group("How did you hear of us?").getByLabel("Other", { exact: true }).check();
  await group("How did you hear of us?").getByRole("textbox").fill("On the radio");
  await group("Which days suit you?").getByLabel("Monday").check();
  await group("Which days suit you?").getByLabel("Friday").check();
  await group("Which topics interest you?").getByLabel("Prices").check();
  await group("Which topics interest you?").getByLabel("Other", { exact: true }).check();
  await group("Which topics interest you?").getByRole("textbox").fill("The weather");
  await page.getByLabel("Guests").fill("ada@example.test\nguest@example.test");
  const findings = await look("questions");
  await submit(page);
  await booked(page);
  return { findings };
}

/** Two clicks in one breath; then a reload of the confirmation, and a step back. */
export async function hastily({ page, options }) {
  await openTimes(page, options);
  await chooseTime(page, { nth: 3 });
  await introduce(page);
  // At its left end: the button is narrower once it says that it is booking.
  await bookButton(page).dblclick({ position: { x: 20, y: 20 } });
  await booked(page);
  await page.reload();
  await booked(page);
  await page.goBack();
  await page.locator(".slot").first().waitFor();
  return { after: await page.getByRole("heading", { level: 1 }).innerText() };
}
