/** Scenes of a host who connects an account. */

export const grant = (scene) => decide(scene, "Allow access", "Connected");

export const refuse = (scene) => decide(scene, "Refuse", "Not connected");

async function decide({ page, options, look }, decision, ending) {
  const findings = [];
  await page.goto(options.link);
  findings.push(...(await look("invitation")));
  const [button] = await page.getByRole("button").all();
  const height = Math.round((await button.boundingBox()).height);
  await button.click();
  await page.getByLabel("You are").selectOption(options.user);
  await page.getByRole("button", { name: decision }).click();
  await page.getByRole("heading", { name: ending, exact: true }).waitFor();
  findings.push(...(await look("ending")));
  return { findings, height, text: await page.locator("main").innerText(), url: page.url() };
}

export async function used({ page, options, look }) {
  await page.goto(options.link);
  return { findings: await look("used"), text: await page.locator("main").innerText() };
}
